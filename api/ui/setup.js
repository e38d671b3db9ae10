// First start: makes the first administrator with the one-time token, which stands behind the # of the address, so that
// it never reaches a server log or another site.

import { choose, language, word } from "./words.js";

const $ = (id) => document.getElementById(id);
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";

function words() {
  document.title = word("setup.title");
  for (const [id, key] of [
    ["title", "setup.title"], ["intro", "setup.intro"], ["username-word", "username"], ["password-word", "password"],
    ["again-word", "setup.again"], ["do", "setup.do"], ["done-text", "setup.done"], ["go", "setup.go"], ["language-word", "language"],
  ]) $(id).textContent = word(key);
  $("language").value = language();
}

words();
history.replaceState(null, "", "/setup"); // the token is in memory now and need not stay in the address bar
$("language").addEventListener("change", (event) => { choose(event.target.value); words(); });
$("setup").addEventListener("submit", async (event) => {
  event.preventDefault();
  $("fault").textContent = "";
  if ($("password").value !== $("again").value) {
    $("fault").textContent = word("setup.differ");
    return;
  }
  $("do").disabled = true;
  try {
    const answer = await fetch("/api/v1/setup", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token, username: $("username").value, password: $("password").value }),
    });
    if (answer.ok) {
      $("setup").hidden = true;
      $("done").hidden = false;
      $("go").focus();
    } else if (answer.status === 404) $("fault").textContent = word("setup.gone");
    else {
      const problem = await answer.json();
      const detail = problem.detail || (problem.errors || []).map((item) => item.message).join("; ") || problem.title;
      $("fault").textContent = word("fault.other", { detail });
    }
  } catch {
    $("fault").textContent = word("fault.network");
  } finally {
    $("do").disabled = false;
  }
});
