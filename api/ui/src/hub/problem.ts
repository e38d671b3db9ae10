/** What the hub says when it refuses (RFC 9457), as an error. */

interface Body {
  type?: string;
  title?: string;
  detail?: string;
  errors?: Wrong[];
}

/** One wrong part. */
export interface Wrong {
  /** Which, as `cameras[3].zones[0].points` or `body.note`. */
  where?: string;
  message: string;
  /** The same in Chinese, where there is one. */
  message_zh?: string;
  line?: number;
}

export class Problem extends Error {
  /** The last word of its type: `second-factor-needed`, `conflict`, ... */
  readonly name: string;

  constructor(
    readonly status: number,
    readonly body: Body & Record<string, unknown>,
    /** Seconds after which to come back, where the hub says so. */
    readonly retryAfterS: number | null = null,
  ) {
    super(body.detail ?? body.errors?.map((each) => each.message).join("; ") ?? body.title ?? String(status));
    this.name = (body.type ?? "").split(/[:/]/).pop() ?? "";
  }
}

/** The Problem of an answer that is not ok. */
export async function problemOf(answer: Response): Promise<Problem> {
  const after = Number(answer.headers.get("Retry-After") ?? Number.NaN);
  let body: Body & Record<string, unknown> = {};
  try {
    body = (await answer.json()) as Body & Record<string, unknown>;
  } catch {
    // not from the hub itself (a proxy in front of it): the status says enough
  }
  return new Problem(answer.status, body, Number.isFinite(after) ? after : null);
}
