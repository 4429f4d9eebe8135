/** Writing JSON, parts of which were written before: what is the same in many answers is made into text once. */
import { randomUUID } from 'node:crypto'

/** A value that is text already. */
export interface Written {
  toJSON(): string
}

/** Stands for written text while the rest is written; nobody can know it, so nobody can send it. */
const MARK = randomUUID()
const QUOTED = `"${MARK}"`
let texts: string[] = []

/** The value as text, to be put into answers as often as wanted. */
export function written(value: object): Written {
  const text = JSON.stringify(value)
  return {
    toJSON: () => {
      texts.push(text)
      return MARK
    },
  }
}

/** The JSON of a value, written parts in their places. */
export function stringify(value: object): string {
  texts = []
  const text = JSON.stringify(value)
  if (texts.length === 0) return text
  const parts = text.split(QUOTED)
  let whole = parts[0] as string
  for (let i = 1; i < parts.length; i++) whole += (texts[i - 1] as string) + parts[i]
  return whole
}
