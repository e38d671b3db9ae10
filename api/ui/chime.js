// A short tone for a new incident: two falling tones for red, one for the rest. A browser lets a page sound only after
// the person did something, so the sign-in unlocks it, or the button.

const TONES = { red: [[880, 0], [660, 0.22], [880, 0.44], [660, 0.66]], orange: [[740, 0], [590, 0.25]], yellow: [[590, 0]] };

export class Chime {
  constructor() {
    this.on = localStorage.getItem("sound") !== "off";
    this.audio = null;
  }

  unlock() {
    this.audio ??= new AudioContext();
    this.audio.resume();
  }

  toggle() {
    this.on = !this.on;
    localStorage.setItem("sound", this.on ? "on" : "off");
    if (this.on) {
      this.unlock();
      this.ring("yellow");
    }
  }

  ring(level) {
    if (!this.on || !this.audio || this.audio.state !== "running") return;
    const start = this.audio.currentTime;
    for (const [hertz, after] of TONES[level] || []) {
      const tone = this.audio.createOscillator();
      const volume = this.audio.createGain();
      tone.frequency.value = hertz;
      volume.gain.setValueAtTime(0.0001, start + after);
      volume.gain.exponentialRampToValueAtTime(0.25, start + after + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, start + after + 0.2);
      tone.connect(volume).connect(this.audio.destination);
      tone.start(start + after);
      tone.stop(start + after + 0.22);
    }
  }
}
