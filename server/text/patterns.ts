/**
 * Regular expressions of operators for untrusted texts: RE2 matches any expression in linear time. The price is that it supports
 * neither lookaround nor backreferences.
 */
import { createRequire } from 'node:module'
import type { RE2JS as Program } from 're2js'

/** Maximum program size: a larger one takes long for every text, and no ordinary expression needs it. */
const LARGEST_PROGRAM = 2_000
/** Matching takes at most the program's size times the text's length: with this product, about a second. */
const MOST_STEPS = 20_000_000

const require = createRequire(import.meta.url)
const programs = new Map<string, Program | string>()
const MOST_REMEMBERED = 1_000

/** The compiled pattern, or the reason why it cannot be compiled. The engine is loaded with the first pattern. */
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
  // Syntax that RE2 spells differently. A final line break has no special meaning here, so `\Z` is an end like `\z`.
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

/** The fault of a pattern, to follow a colon; undefined for a valid pattern. */
export function patternFault(pattern: string): string | undefined {
  const program = programOf(pattern)
  return typeof program === 'string' ? program : undefined
}

/**
 * Whether a pattern matches anywhere in a text, in time linear in the text's length.
 * @returns undefined if the text is too long for this pattern
 * @throws Error for a pattern that has a fault
 */
export function matches(pattern: string, text: string): boolean | undefined {
  const program = programOf(pattern)
  if (typeof program === 'string') throw new Error(`The regular expression "${pattern}" cannot be used: ${program}.`)
  return program.programSize() * text.length > MOST_STEPS ? undefined : program.test(text)
}
