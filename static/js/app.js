/** What every page runs. */

import "htmx.org";

import { startTicking } from "./business_clock.js";
import { startSummaries } from "./dialog_summary.js";
import { startDialogs } from "./dialogs.js";
import { startFeed } from "./feed.js";
import { startRefresh } from "./refresh.js";
import { startTheme } from "./theme.js";

startTheme();
startTicking();
startDialogs();
startSummaries();
startRefresh();
startFeed();

// A menu closes when something else is clicked or Escape is pressed.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  const menu = event.code === "Escape" && document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
document.addEventListener("change", (event) => event.target.matches("[data-submit]") && event.target.form.requestSubmit());
