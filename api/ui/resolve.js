// The question before an incident is resolved: what was it?

import { Problem } from "./session.js";
import { said, word } from "./words.js";

const $ = (id) => document.getElementById(id);
const CAUSES = ["cooking", "steam_or_dust", "smoking_or_incense", "light_or_reflection", "weather", "animal", "works", "authorised_person", "low_battery", "device_fault", "wrong_setting", "other"];
const VERDICTS = ["true", "false", "nuisance", "test", "duplicate"];

// Ask for a verdict and note, and hand them to `send` until it works or the person gives up.
export function askVerdict(incident, send) {
  const dialog = $("resolve");
  $("resolve-title").textContent = word("resolve.title", { number: incident.number });
  $("resolve-text").textContent = said(incident.text);
  $("verdict-word").textContent = word("verdict");
  $("cause-word").textContent = word("cause");
  $("note-word").textContent = word("note");
  $("resolve-cancel").textContent = word("do.cancel");
  $("resolve-do").textContent = word("do.resolve");
  $("resolve-fault").textContent = "";
  $("note").value = "";
  $("cause").replaceChildren(...["", ...CAUSES].map((cause) => new Option(cause && word(`cause.${cause}`), cause)));
  $("cause-line").hidden = true;
  $("cause").required = false;
  $("note").required = incident.level === "red";
  const chosen = () => document.querySelector("input[name=verdict]:checked")?.value;
  const needsCause = () => ["false", "nuisance"].includes(chosen());
  $("verdicts").replaceChildren(...VERDICTS.map((verdict) => {
    const label = document.createElement("label");
    const radio = document.createElement("input");
    radio.type = "radio";
    radio.name = "verdict";
    radio.value = verdict;
    radio.required = true;
    radio.addEventListener("change", () => {
      $("cause-line").hidden = !needsCause();
      $("cause").required = needsCause();
    });
    label.append(radio, ` ${word(`verdict.${verdict}`)}`);
    return label;
  }));
  const form = dialog.querySelector("form");
  return new Promise((done) => {
    const submit = async (event) => {
      event.preventDefault();
      $("resolve-fault").textContent = "";
      const answer = { verdict: chosen(), note: $("note").value.trim() };
      if (needsCause()) answer.cause = $("cause").value;
      $("resolve-do").disabled = true;
      try {
        await send(answer);
        dialog.close();
      } catch (error) {
        $("resolve-fault").textContent = error instanceof Problem ? word("fault.other", { detail: error.message }) : word("fault.network");
      } finally {
        $("resolve-do").disabled = false;
      }
    };
    form.addEventListener("submit", submit);
    $("resolve-cancel").onclick = () => dialog.close();
    dialog.addEventListener("close", () => { form.removeEventListener("submit", submit); done(); }, { once: true });
    dialog.showModal();
    $("verdicts").querySelector("input").focus();
  });
}
