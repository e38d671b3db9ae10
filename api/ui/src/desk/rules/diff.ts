/** Two texts held against each other, line by line. */

export interface DiffLine {
  sign: "same" | "gone" | "new";
  text: string;
  /** Its number in the older and in the newer text. */
  before?: number;
  after?: number;
}

/** The fewest lines that went and came (longest common subsequence); for texts of some hundred lines. */
export function diffLines(older: string, newer: string): DiffLine[] {
  const a = older.replace(/\n$/, "").split("\n");
  const b = newer.replace(/\n$/, "").split("\n");
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const found: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      found.push({ sign: "same", text: a[i] ?? "", before: ++i, after: ++j });
    } else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))) {
      found.push({ sign: "gone", text: a[i] ?? "", before: ++i });
    } else {
      found.push({ sign: "new", text: b[j] ?? "", after: ++j });
    }
  }
  return found;
}

/** Without what is the same further than `around` lines from any change. */
export function closeUp(lines: readonly DiffLine[], around = 3): DiffLine[] {
  const changed = lines.flatMap((line, index) => (line.sign === "same" ? [] : [index]));
  return lines.filter((_, index) => changed.some((each) => Math.abs(each - index) <= around));
}
