/** What every page runs. */

import "htmx.org";

import { startTicking } from "./business_clock.js";
import { startSummaries } from "./dialog_summary.js";
import { startDialogs } from "./dialogs.js";
import { startFeed } from "./feed.js";
import { startMissed } from "./missed.js";
import { startRefresh } from "./refresh.js";
import { startTheme } from "./theme.js";
import { startUnresolved } from "./unresolved.js";

startTheme();
startTicking();
startDialogs();
startSummaries();
startRefresh();
startUnresolved();
startMissed();
startFeed();

// A menu closes when something else is clicked or Escape is pressed.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
// By key code, so that it works with the Korean input method on.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, dialog, [contenteditable]");
  if (event.code !== "Slash" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const search = document.querySelector("main input[type=search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
});
document.addEventListener("keydown", (event) => {
  const menu = event.code === "Escape" && document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
document.addEventListener("change", (event) => event.target.matches("[data-submit]") && event.target.form.requestSubmit());
