// How content a customer was, in a sentence.

import { number, say } from "./strings.js";

const MOST = 5;

export function rated(rating) {
  if (!rating) return "";
  const { score, comment } = rating;
  const values = { score: number(score), most: number(MOST) };
  return comment ? say("ratedWith", { ...values, comment }) : say("rated", values);
}
