// An invitation: whoever has its link makes an account, once. What the link carries stands behind the # of the address,
// so that it never reaches a server log or another site.

import { choose, language, word } from "./words.js";

const $ = (id) => document.getElementById(id);
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
let invited = null;
let gone = "";

function words() {
  document.title = word("invite.title");
  for (const [id, key] of [
    ["title", "invite.title"], ["intro", "invite.intro"], ["username-word", "username"], ["password-word", "password"],
    ["again-word", "setup.again"], ["do", "invite.do"], ["done-text", "invite.done"], ["go", "setup.go"], ["language-word", "language"],
  ]) $(id).textContent = word(key);
  $("gone-text").textContent = gone ? word(gone) : "";
  $("language").value = language();
  if (!invited) return;
  $("sites").replaceChildren(...invited.sites.filter(Boolean).map((site) => {
    const line = document.createElement("li");
    line.textContent = site[language()] ?? site.zh ?? site.en ?? "";
    return line;
  }));
  $("outside").textContent = word("outside.do", { name: invited.provider ?? "" });
}

const ask = (path, body) => fetch(`/api/v1/invitations/${path}`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ token, ...body }),
});

function shut(key) {
  gone = key;
  $("gone").hidden = false;
  $("invite").hidden = true;
  words();
}

async function send(path, body, then) {
  $("fault").textContent = "";
  $("do").disabled = true;
  try {
    const answer = await ask(path, body);
    if (answer.ok) then(await answer.json());
    else if (answer.status === 404) shut("invite.gone");
    else if (answer.status === 409) $("fault").textContent = word("invite.taken");
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
}

words();
history.replaceState(null, "", "/invite"); // the token is in memory now and need not stay in the address bar
$("language").addEventListener("change", (event) => { choose(event.target.value); words(); });
$("invite").addEventListener("submit", async (event) => {
  event.preventDefault();
  if ($("password").value !== $("again").value) {
    $("fault").textContent = word("setup.differ");
    return;
  }
  await send("use", { username: $("username").value, password: $("password").value }, () => {
    $("invite").hidden = true;
    $("done").hidden = false;
    $("go").focus();
  });
});
$("outside").addEventListener("click", async () => {
  if (!$("username").reportValidity()) return;
  await send("outside", { username: $("username").value }, (there) => location.assign(there.address));
});

try {
  const answer = await ask("look", {});
  if (answer.ok) {
    invited = await answer.json();
    $("invite").hidden = false;
    $("outside").hidden = !invited.provider;
    words();
    $("username").focus();
  } else shut(answer.status === 404 || answer.status === 422 ? "invite.gone" : "fault.network");
} catch {
  shut("fault.network");
}
