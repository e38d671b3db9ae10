/** The camera whose zones are drawn: loaded with its ETag, changed here, saved with a reason, or not because of another. */

import { computed, type Ref as Reactive, ref, shallowRef } from "vue";

import { api, type Of, Problem } from "@/hub/client";
import { problemOf } from "@/hub/problem";
import { authorised } from "@/hub/session";

import { changesOf, type Draft, draftOf, faultsOf, redone, sameDraft } from "./draft";
import { useUndo } from "./undo";

type Camera = Of<"CameraView">;

export interface Conflict {
  theirs: Draft;
  etag: string;
}

const EMPTY: Draft = { zones: [], lines: [], ground: null };

export function useEditing(camera: Reactive<string>) {
  const view = shallowRef<Camera>();
  const saved = shallowRef<Draft>(EMPTY);
  const etag = ref("");
  const problem = shallowRef<unknown>(null);
  const saving = ref(false);
  const conflict = shallowRef<Conflict | null>(null);
  const drawing = useUndo<Draft>(EMPTY);

  function take(found: Camera, tag: string): void {
    view.value = found;
    saved.value = draftOf(found);
    etag.value = tag;
  }

  /** As it is at the hub; what was drawn and not saved is gone. */
  async function load(): Promise<void> {
    try {
      const { data, error, response } = await api.GET("/api/v1/cameras/{camera_id}", {
        params: { path: { camera_id: camera.value } },
      });
      if (data === undefined) throw new Problem(response.status, error as Record<string, unknown>);
      take(data as Camera, response.headers.get("ETag") ?? "");
      drawing.reset(saved.value);
      conflict.value = null;
      problem.value = null;
    } catch (error) {
      problem.value = error;
    }
  }

  /** Save a draft; what came between is kept in `conflict`, and nothing is lost. Gives whether it is saved. */
  async function save(draft: Draft, reason: string): Promise<boolean> {
    saving.value = true;
    problem.value = null;
    try {
      const query = reason.trim() === "" ? "" : `?reason=${encodeURIComponent(reason.trim())}`;
      const answer = await authorised(`/api/v1/cameras/${encodeURIComponent(camera.value)}/zones${query}`, {
        method: "PUT",
        headers: { "Content-Type": "application/json", "If-Match": etag.value },
        body: JSON.stringify(draft),
      });
      if (answer.status === 412) {
        const body = (await answer.json()) as { current: Camera };
        conflict.value = { theirs: draftOf(body.current), etag: answer.headers.get("ETag") ?? "" };
        view.value = body.current;
        return false;
      }
      if (!answer.ok) throw await problemOf(answer);
      take((await answer.json()) as Camera, answer.headers.get("ETag") ?? "");
      drawing.reset(saved.value);
      conflict.value = null;
      return true;
    } catch (error) {
      problem.value = error;
      return false;
    } finally {
      saving.value = false;
    }
  }

  /** After somebody else saved: theirs, with mine made of it again, or theirs alone. */
  function settle(withMine: boolean): void {
    const other = conflict.value;
    if (other === null) return;
    const mine = redone(saved.value, drawing.now.value, other.theirs).draft;
    saved.value = other.theirs;
    etag.value = other.etag;
    conflict.value = null;
    if (withMine) drawing.go(mine);
    else drawing.reset(other.theirs);
  }

  return {
    view,
    saved,
    problem,
    saving,
    conflict,
    drawing,
    load,
    save,
    settle,
    faults: computed(() => faultsOf(drawing.now.value)),
    changes: computed(() => changesOf(saved.value, drawing.now.value)),
    isChanged: computed(() => !sameDraft(saved.value, drawing.now.value)),
  };
}

export type Editing = ReturnType<typeof useEditing>;
