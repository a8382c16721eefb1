// Two panes, each one person; and the theme.

import { Pane } from "./pane.js";

const PEOPLE = ["customer_1", "agent_1"];
const root = document.documentElement;
const button = document.getElementById("theme");

function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function wear(theme) {
  if (theme) root.dataset.theme = theme;
  button.textContent = isDark() ? "Light" : "Dark";
  button.setAttribute("aria-pressed", String(isDark()));
}

button.addEventListener("click", () => {
  const theme = isDark() ? "light" : "dark";
  localStorage.setItem("console-theme", theme);
  wear(theme);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => wear());
wear(localStorage.getItem("console-theme"));

for (const [number, username] of PEOPLE.entries()) {
  document.getElementById("panes").append(new Pane(number + 1, username).element);
}
