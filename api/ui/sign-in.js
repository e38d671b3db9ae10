// What the sign-in form of every page has beside name and password: the code of a second factor when it is asked for, and
// a way through the sign-in provider where there is one. Texts go in as text nodes only.

import * as session from "./session.js";
import { word } from "./words.js";

const $ = (id) => document.getElementById(id);
let codeAsked = false;
let provider = "";

function codeLine() {
  const line = document.createElement("label");
  line.id = "code-line";
  const text = document.createElement("span");
  text.id = "code-word";
  const field = document.createElement("input");
  Object.assign(field, { id: "code", name: "code", autocomplete: "one-time-code", maxLength: 64, spellcheck: false });
  field.setAttribute("inputmode", "text");
  line.append(text, field);
  return line;
}

function showCode(shown) {
  codeAsked = shown;
  if (!shown) return $("code-line")?.remove();
  if (!$("code-line")) $("password").closest("label").after(codeLine());
  $("code-word").textContent = word("code");
  $("code").value = "";
  $("code").focus();
}

// Sign in with what the form holds; throws as the hub refuses.
export async function submit() {
  await session.signIn($("username").value, $("password").value, codeAsked ? $("code").value.trim() : "");
  $("password").value = "";
  showCode(false);
}

// What a refusal is in words; asks for the code where that is what lacks.
export function explain(error) {
  if (!(error instanceof session.Problem)) return word("fault.network");
  if (error.type.endsWith(":second-factor-needed")) {
    const wrong = codeAsked && $("code").value.trim() !== "";
    showCode(true);
    return word(wrong ? "fault.code" : "code.asked");
  }
  if (error.type.endsWith(":second-factor-missing")) return word("fault.factor");
  if (error.status === 429) return word("fault.too-many");
  return word(error.status === 401 ? "fault.password" : "fault.other", { detail: error.message });
}

// Offer the provider, and say how a sign-in through it went that did not work.
export async function offer() {
  const went = /^#outside=(refused|unknown|unavailable)$/.exec(location.hash)?.[1];
  if (went) {
    $("sign-in-fault").textContent = word(`outside.${went}`);
    history.replaceState(null, "", location.pathname);
  }
  try {
    provider = (await (await fetch("/api/v1/auth/ways")).json()).provider ?? "";
  } catch {
    return; // the form says that nobody answers as soon as it is sent
  }
  if (!provider || $("outside")) return;
  const way = document.createElement("a");
  const href = `/api/v1/auth/oidc/start?page=${encodeURIComponent(location.pathname)}`; // and back to this very page
  Object.assign(way, { id: "outside", href, textContent: word("outside.do", { name: provider }) });
  $("sign-in").append(way);
}
