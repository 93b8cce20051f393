/** Light or dark, and which colours mean up and down; kept in this browser. */

const THEME = "portal-theme";
const SCHEME = "portal-scheme";
const dark = matchMedia("(prefers-color-scheme: dark)");

export function startTheme() {
  apply();
  dark.addEventListener("change", apply);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-set-theme], [data-set-scheme]");
    if (!button) return;
    if (button.dataset.setTheme) keep(THEME, button.dataset.setTheme);
    if (button.dataset.setScheme) keep(SCHEME, button.dataset.setScheme);
    apply();
  });
}

function apply() {
  const theme = kept(THEME, "system");
  const scheme = kept(SCHEME, "kr");
  const root = document.documentElement;
  root.dataset.theme = theme === "system" ? (dark.matches ? "dark" : "light") : theme;
  root.dataset.scheme = scheme;
  press("data-set-theme", theme);
  press("data-set-scheme", scheme);
}

function press(attribute, value) {
  for (const button of document.querySelectorAll(`[${attribute}]`)) {
    button.setAttribute("aria-pressed", String(button.getAttribute(attribute) === value));
  }
}

function kept(name, fallback) {
  try {
    return localStorage.getItem(name) || fallback;
  } catch {
    return fallback; // storage may be switched off; the page then follows the system
  }
}

function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    document.documentElement.dataset[name === THEME ? "theme" : "scheme"] = value;
  }
}
