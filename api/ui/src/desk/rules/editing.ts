/** What an editor of YAML needs besides the view itself: undoing, and a new line that begins where the last one did. */

import type { ChangeSet } from "@codemirror/state";
import type { EditorView, KeyBinding, ViewUpdate } from "@codemirror/view";

const ONE_STEP_MS = 500;

/** What was changed, to be taken back and done again; what is typed within half a second is one step. */
export class Undoing {
  private past: ChangeSet[] = [];
  private future: ChangeSet[] = [];
  private last = 0;
  private moving = false;

  /** Hear of every change of the text. */
  note(update: ViewUpdate): void {
    if (!update.docChanged || this.moving) return;
    const back = update.changes.invert(update.startState.doc);
    const now = performance.now();
    const before = now - this.last < ONE_STEP_MS ? this.past.pop() : undefined;
    this.past.push(before === undefined ? back : back.compose(before));
    this.future = [];
    this.last = now;
  }

  readonly keys: KeyBinding[] = [
    { key: "Mod-z", run: (view) => this.move(view, this.past, this.future), preventDefault: true },
    { key: "Mod-y", run: (view) => this.move(view, this.future, this.past), preventDefault: true },
    { key: "Mod-Shift-z", run: (view) => this.move(view, this.future, this.past), preventDefault: true },
  ];

  private move(view: EditorView, from: ChangeSet[], to: ChangeSet[]): boolean {
    const changes = from.pop();
    if (changes === undefined) return false;
    to.push(changes.invert(view.state.doc));
    this.moving = true;
    view.dispatch({ changes, scrollIntoView: true });
    this.moving = false;
    this.last = 0;
    return true;
  }
}

/** A new line that is indented as the one before. */
export const newLine: KeyBinding = {
  key: "Enter",
  run: (view) => {
    const { from, to } = view.state.selection.main;
    const line = view.state.doc.lineAt(from);
    const indent = /^\s*/.exec(line.text)?.[0].slice(0, from - line.from) ?? "";
    view.dispatch({
      changes: { from, to, insert: `\n${indent}` },
      selection: { anchor: from + 1 + indent.length },
      scrollIntoView: true,
      userEvent: "input",
    });
    return true;
  },
};
