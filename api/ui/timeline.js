// A day of one camera as a bar: what is recorded, what is missing and why, the alerts, and the moment that is shown.

const DAY_MS = 86_400_000;
const LEVELS = ["green", "blue", "yellow", "orange", "red"];

export class Timeline {
  // told: { pick(ms), hover(ms or null, x) }
  constructor(canvas, told) {
    this.canvas = canvas;
    this.start = 0;
    this.recorded = null;
    this.at = null;
    canvas.addEventListener("click", (event) => told.pick(this.moment(event.offsetX)));
    canvas.addEventListener("pointermove", (event) => told.hover(this.moment(event.offsetX), event.offsetX));
    canvas.addEventListener("pointerleave", () => told.hover(null, 0));
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -10_000, ArrowRight: 10_000, PageDown: -600_000, PageUp: 600_000 }[event.key];
      if (!step || this.at === null) return;
      event.preventDefault();
      told.pick(this.at + step);
    });
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  moment(x) {
    return Math.round(this.start + (x / this.canvas.clientWidth) * DAY_MS);
  }

  // What the hub said of a day that begins at `start`.
  show(start, recorded) {
    this.start = start;
    this.recorded = recorded;
    this.draw();
  }

  move(at) {
    this.at = at;
    this.draw();
  }

  draw() {
    const { canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    if (!width) return;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const style = getComputedStyle(canvas);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const place = (ms) => ((ms - this.start) / DAY_MS) * width;
    const bar = (from, to, top, tall) => pen.fillRect(place(from), top, Math.max(1, place(to) - place(from)), tall);
    pen.clearRect(0, 0, width, height);
    for (const each of this.recorded?.ranges ?? []) {
      pen.fillStyle = colour("accent");
      bar(Date.parse(each.from), Date.parse(each.to), 12, height - 30);
    }
    for (const each of this.recorded?.gaps ?? []) {
      pen.fillStyle = colour(["off", "deleted"].includes(each.reason) ? "line" : "orange");
      bar(Date.parse(each.from), Date.parse(each.to), height - 24, 4);
    }
    for (const each of this.recorded?.marks ?? []) {
      pen.fillStyle = colour(LEVELS.includes(each.level) ? each.level : "dim");
      bar(Date.parse(each.at), Date.parse(each.at), 0, height - 20);
      pen.beginPath();
      pen.arc(place(Date.parse(each.at)), 6, 4, 0, 7);
      pen.fill();
    }
    pen.fillStyle = colour("dim");
    pen.font = "11px system-ui, sans-serif";
    const every = width < 500 ? 6 : 3;
    for (let hour = 0; hour < 24; hour += every) {
      pen.fillText(`${String(hour).padStart(2, "0")}:00`, place(this.start + hour * 3_600_000) + 2, height - 4);
    }
    if (this.at !== null) {
      pen.fillStyle = colour("text");
      pen.fillRect(place(this.at) - 1, 0, 2, height - 14);
    }
  }
}
