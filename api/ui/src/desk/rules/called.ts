/** Words of the API about rules, in the reader's language. */

import { hasWord, say, type Word } from "./words";

const called = (prefix: string, word: string): string => {
  const key = `${prefix}-${word}`;
  return hasWord(key) ? say(key as Word) : word;
};

export const shapeWord = (shape: string): string => called("shape", shape);
export const stateWord = (state: string): string => called("state", state);
export const sameWord = (same: string): string => called("place", same);
export const choiceWord = (choice: string): string => called("choice", choice);
export const dayWord = (day: string): string => called("day", day);
export const trialWord = (state: string): string => called("trial", state);
