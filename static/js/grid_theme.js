/** AG Grid in the portal's look: its parameters are our tokens, its styles carry the page's nonce. */

import { themeQuartz } from "ag-grid-community";

import { t } from "./i18n.js";

const theme = themeQuartz.withParams({
  accentColor: "var(--accent)",
  backgroundColor: "var(--surface)",
  borderColor: "var(--line)",
  borderRadius: 0,
  cellHorizontalPadding: 10,
  chromeBackgroundColor: "var(--surface-2)",
  columnBorder: false,
  fontFamily: "inherit",
  fontSize: 13,
  foregroundColor: "var(--text)",
  headerBackgroundColor: "var(--surface-2)",
  headerFontSize: 12,
  headerFontWeight: 500,
  headerHeight: 34,
  headerTextColor: "var(--text-3)",
  headerColumnResizeHandleColor: "transparent",
  rowBorder: { color: "color-mix(in srgb, var(--line) 65%, transparent)" },
  rowHeight: 40,
  rowHoverColor: "color-mix(in srgb, var(--text) 4%, transparent)",
  valueChangeValueHighlightBackgroundColor: "var(--flash)",
  wrapperBorder: false,
  wrapperBorderRadius: 0,
});

/** The options that every grid of the portal shares. */
export function gridOptions() {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  return {
    theme,
    styleNonce: document.querySelector("script[nonce]")?.nonce,
    animateRows: false,
    cellFlashDuration: still ? 0 : 500,
    cellFadeDuration: still ? 0 : 700,
    enableCellTextSelection: true,
    ensureDomOrder: true,
    rowBuffer: 40,
    suppressCellFocus: false,
    suppressColumnVirtualisation: true,
    suppressDragLeaveHidesColumns: true,
    localeText: {
      noRowsToShow: t("표시할 행이 없습니다."),
      loadingOoo: t("불러오는 중"),
      ariaSortableColumn: t("Enter를 누르면 정렬합니다."),
      ariaRowSelect: t("행 선택"),
      ariaRowToggleSelection: t("스페이스를 누르면 이 행을 고르거나 뺍니다."),
      ariaRowSelectionDisabled: t("고를 수 없는 행입니다."),
      ariaRowSelectAll: t("스페이스를 누르면 모든 행을 고르거나 뺍니다."),
      ariaHeaderSelection: t("모든 행 고르기"),
      ariaChecked: t("선택됨"),
      ariaUnchecked: t("선택 안 됨"),
      ariaIndeterminate: t("일부 선택"),
    },
    defaultColDef: { sortable: true, resizable: true, suppressHeaderMenuButton: true, suppressMovable: false },
  };
}
