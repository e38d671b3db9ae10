// My account: the second factor, the password, and where I am signed in. Texts go in as text nodes only.

import * as session from "./session.js";
import * as signIn from "./sign-in.js";
import { choose, language, word } from "./words.js";

const $ = (id) => document.getElementById(id);
let factor = null; // as the hub shows it
let begun = false;

function words() {
  document.title = word("account.title");
  for (const [id, key] of [
    ["title", "account.title"], ["language-word", "language"], ["sign-in-title", "sign-in"], ["sign-in-do", "sign-in"],
    ["username-word", "username"], ["password-word", "password"], ["to-desk", "title"], ["factor-title", "account.factor"],
    ["factor-begin", "account.begin"], ["factor-code-word", "code"], ["factor-password-word", "password"],
    ["change-title", "account.password"], ["old-word", "account.old"], ["new-word", "account.new"],
    ["change-do", "account.change"], ["places-title", "account.places"], ["everywhere", "account.everywhere"],
  ]) $(id).textContent = word(key);
  $("language").value = language();
  if (factor) draw();
}

function draw() {
  const has = factor.confirmed;
  const key = has ? "account.has" : factor.required ? "account.required" : "account.none";
  $("factor-text").textContent = word(key, { n: factor.recovery_codes_left });
  $("factor-begin").hidden = has || begun;
  $("factor-new").hidden = !begun;
  $("factor-password-line").hidden = !has;
  $("factor-code-line").hidden = $("factor-do").hidden = !has && !begun;
  $("factor-do").textContent = word(has ? "account.remove" : "account.confirm");
}

function lines(list, texts) {
  $(list).replaceChildren(...texts.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
}

async function load() {
  factor = await session.json("/api/v1/me/second-factor");
  const places = (await session.json("/api/v1/me/sign-ins")).items;
  lines("places", places.map((each) => [
    new Date(each.used).toLocaleString(language()), each.address, each.agent, each.this ? word("account.this") : "",
  ].filter(Boolean).join(" · ")));
  draw();
}

function signedOut() {
  $("room").hidden = true;
  $("sign-in").hidden = false;
  $("username").focus();
  signIn.offer();
}

async function signedIn() {
  await load();
  $("sign-in").hidden = true;
  $("room").hidden = false;
  const went = /^#outside=(linked|refused|unknown|unavailable)$/.exec(location.hash)?.[1];
  if (went) $("note").textContent = word(`outside.${went}`);
}

// Do something, and say in words how it went.
async function attempt(work, done) {
  $("note").textContent = "";
  try {
    await work();
    $("note").textContent = done ? word(done) : "";
  } catch (error) {
    const code = error instanceof session.Problem && error.type.endsWith(":second-factor-needed");
    $("note").textContent = code ? word("fault.code") : signIn.explain(error);
  }
}

const send = (method, path, body) => session.json(path, {
  method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body),
});

$("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  $("sign-in-fault").textContent = "";
  try {
    await signIn.submit();
    await signedIn();
  } catch (error) {
    $("sign-in-fault").textContent = signIn.explain(error);
  }
});
$("factor-begin").addEventListener("click", () => attempt(async () => {
  const made = await send("POST", "/api/v1/me/second-factor");
  $("factor-qr").src = `data:image/svg+xml,${encodeURIComponent(made.qr.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"'))}`;
  $("factor-secret").textContent = made.secret;
  begun = true;
  draw();
  $("factor-code").focus();
}));
$("factor").addEventListener("submit", (event) => {
  event.preventDefault();
  const code = $("factor-code").value.trim();
  if (factor.confirmed) {
    attempt(async () => {
      await send("POST", "/api/v1/me/second-factor/remove", { password: $("factor-password").value, code });
      $("factor-password").value = $("factor-code").value = "";
      lines("recovery", []);
      await load();
    }, "account.removed");
  } else {
    attempt(async () => {
      const made = await send("POST", "/api/v1/me/second-factor/confirm", { code });
      lines("recovery", made.recovery_codes);
      begun = false;
      $("factor-code").value = "";
      await load();
    }, "account.recovery");
  }
});
$("change").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    await send("PUT", "/api/v1/me/password", { old: $("old").value, new: $("new").value });
    $("old").value = $("new").value = "";
    signedOut();
    $("sign-in-fault").textContent = word("account.changed");
  });
});
$("everywhere").addEventListener("click", () => attempt(async () => {
  await send("POST", "/api/v1/auth/logout-everywhere");
  signedOut();
}));
$("language").addEventListener("change", (event) => { choose(event.target.value); words(); });

words();
if (session.wasSignedIn()) session.refresh().then(signedIn).catch(signedOut);
else signedOut();
