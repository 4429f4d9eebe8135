/**
 * Regular expressions that an instance's operators have written, for texts that strangers send: RE2's, matched in linear time
 * whatever the expression. It knows no lookaround and no backreferences, which is the price.
 */
import { createRequire } from 'node:module'
import type { RE2JS as Program } from 're2js'

/** A larger program takes long for every text; none that people write by hand is. */
const LARGEST_PROGRAM = 2_000
/** Matching takes at most the program's size times the text's length: with this product, about a second. */
const MOST_STEPS = 20_000_000

const require = createRequire(import.meta.url)
const programs = new Map<string, Program | string>()
const MOST_REMEMBERED = 1_000

/** The compiled pattern, or in a sentence why there is none. The engine is loaded when the first pattern is met. */
function programOf(pattern: string): Program | string {
  const known = programs.get(pattern)
  if (known !== undefined) return known
  const made = compiled(pattern)
  if (programs.size >= MOST_REMEMBERED) programs.clear()
  programs.set(pattern, made)
  return made
}

function compiled(pattern: string): Program | string {
  const { RE2JS }: typeof import('re2js') = require('re2js')
  let isBeyond = /\(\?(?:[=!>]|<[=!])/.test(pattern)
  // What RE2 writes otherwise. A line break at the end means nothing here, so `\Z` is an end like `\z`.
  const known = pattern.replace(/\\(?:u\{([\da-f]+)\}|u([\da-f]{4})|(.))/gis, (whole, braced, four, letter) => {
    if (letter === undefined) return `\\x{${braced ?? four}}`
    isBeyond ||= '123456789k'.includes(letter)
    return letter === 'Z' ? '\\z' : whole
  })
  if (isBeyond) {
    return 'lookaheads, lookbehinds, atomic groups and backreferences are not supported, because matching them can take for ever'
  }
  try {
    const program = RE2JS.compile(known)
    return program.programSize() <= LARGEST_PROGRAM ? program : 'it is too large: repeat fewer things, or less often'
  } catch (error) {
    return (error as Error).message.replace('error parsing regexp: ', '')
  }
}

/** Why texts cannot be compared with a pattern, to be put behind a colon; undefined where they can. */
export function patternFault(pattern: string): string | undefined {
  const program = programOf(pattern)
  return typeof program === 'string' ? program : undefined
}

/**
 * Whether a text matches a pattern anywhere, in time that grows with the text's length alone.
 * @returns undefined where the text is too long to be compared with this pattern
 * @throws Error for a pattern that has a fault
 */
export function matches(pattern: string, text: string): boolean | undefined {
  const program = programOf(pattern)
  if (typeof program === 'string') throw new Error(`The regular expression "${pattern}" cannot be used: ${program}.`)
  return program.programSize() * text.length > MOST_STEPS ? undefined : program.test(text)
}
