"""The Korean texts of the browser code (`static/js`), listed so that one gettext catalogue serves pages and scripts."""

from __future__ import annotations


def texts() -> tuple[str, ...]:
    """Every text that a script hands to `t()`; a test compares the list with the scripts."""
    return _TEXTS


def in_context() -> tuple[tuple[str, str], ...]:
    """Context and text where one word means two things: the status 취소 (canceled) and the button 취소 (cancel)."""
    return (_pair("주문 상태", "취소"),)


def _(text: str) -> str:
    """Marks a text for the catalogue; it is translated when a page asks for it."""
    return text


def _pair(context: str, text: str) -> tuple[str, str]:
    return context, text


_TEXTS = (
    _("결과 미확인 {n}건"),
    _("방금 조회했습니다. 잠시 후 다시 누르십시오."),
    _("증권사에 조회했습니다. 결과는 이 화면에 바로 반영됩니다."),
    _("{filled} 체결된 뒤 나머지 {canceled} 취소"),
    _("요청이 닿기 전에 {filled} 모두 체결"),
    _("전송까지"),
    _("확인 필요"),
    _("다시 취소"),
    _("Enter를 누르면 정렬합니다."),
    _("{days}일"),
    _("{from}~{to} 끊김 · 재조회 완료"),
    _("{hours}시간 {minutes}분"),
    _("{kind}요청 중"),
    _("{minutes}분 {seconds}초"),
    _("{seconds}초"),
    _("거부"),
    _("거부 {n}건"),
    _("결과 미확인"),
    _("계약"),
    _("계약 중"),
    _("계좌"),
    _("구분"),
    _("국내"),
    _("기준일"),
    _("끊김"),
    _("담당"),
    _("대조 중"),
    _("대체됨"),
    _("동작"),
    _("만료"),
    _("매도"),
    _("매수"),
    _("명령"),
    _("목록을 끝까지 불러오지 못했습니다. 새로 고침하면 다시 시도합니다."),
    _("미국"),
    _("미국 예약"),
    _("미국 주간"),
    _("미수신"),
    _("미처리"),
    _("미체결"),
    _("반영되지 않음"),
    _("보내지 못함"),
    _("보내지 않음"),
    _("불러오는 중"),
    _("상태"),
    _("새 주문 {n}건"),
    _("서버에 닿지 못했습니다. 연결을 확인하십시오."),
    _("수익률"),
    _("시간"),
    _("시간 초과, 보내지 않음"),
    _("시장/세션"),
    _("시장가"),
    _("실시간"),
    _("실시간 연결이 끊겨 주문 동작을 잠갔습니다."),
    _("아시아"),
    _("아시아 예약"),
    _("예수금"),
    _("예약접수"),
    _("요청을 처리하지 못했습니다 ({status})."),
    _("요청이 너무 많습니다. 잠시 후 다시 시도하십시오."),
    _("유가증권"),
    _("유형"),
    _("이 동작을 할 권한이 없거나, 다시 인증해야 합니다."),
    _("이미 체결"),
    _("일부 확인"),
    _("일부체결"),
    _("장마감"),
    _("접수"),
    _("정정"),
    _("조건에 맞는 주문이 없습니다."),
    _("조회 중"),
    _("종목"),
    _("주"),
    _("주문가"),
    _("주문수량"),
    _("증권사"),
    _("지정가"),
    _("찾을 수 없습니다. 이미 바뀌었을 수 있습니다."),
    _("체결"),
    _("체결 {n}건 복구"),
    _("체결 {n}건"),
    _("체결수량"),
    _("총평가"),
    _("취소"),
    _("취소 {n}건"),
    _("파생 야간"),
    _("파생 주간"),
    _("평가손익"),
    _("평균체결가"),
    _("표시할 행이 없습니다."),
    _("해지"),
    _("행 선택"),
    _("확인"),
)
