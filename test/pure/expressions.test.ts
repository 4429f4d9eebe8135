/**
 * Regular expressions are applied to texts of strangers, so each of ours takes time proportional to the text: one of quadratic
 * or higher time lets one request stop the server. `recheck` decides this by the automaton of the expression, or by seeded
 * attempts without one.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { describe, test } from 'node:test'
import { parse, type Token as Read } from 'acorn'
import { check } from 'recheck'

/** The type from acorn lacks the value of a token. */
type Token = Read & { value?: unknown }

interface Expression {
  readonly place: string
  readonly pattern: string
  readonly flags: string
}

/** Expressions that are composed at run time, of our own words only: the file, and how often. */
const composed: Readonly<Record<string, number>> = {
  // The path of a route.
  // The name of one of two encodings.
  'server/http/answer.ts': 1,
  // The name of a column; searched in an error of the database.
  'server/kernel/write/commit.ts': 1,
  // The name of an event, and of a table.
  'server/kernel/write/outbox.ts': 1,
  'server/db/as-of.ts': 1,
}

const files = globSync(['server/**/*.ts', 'bin/*.js']).sort()

/** The tokens of a file, without its types. */
function tokensOf(file: string): Token[] {
  const text = readFileSync(file, 'utf8')
  const tokens: Token[] = []
  parse(file.endsWith('.ts') ? stripTypeScriptTypes(text) : text, {
    ecmaVersion: 'latest',
    sourceType: 'module',
    locations: true,
    onToken: tokens,
  })
  return tokens
}

const expressions: Expression[] = []
const found: Record<string, number> = {}
for (const file of files) {
  for (const { type, value, loc } of tokensOf(file)) {
    if (type.label === 'regexp') expressions.push({ ...(value as Expression), place: `${file}:${loc?.start.line}` })
    else if (type.label === 'name' && value === 'RegExp') found[file] = (found[file] ?? 0) + 1
  }
}

/** Independent of the speed of the machine. */
const untimed = { timeout: null, incubationTimeout: null, seedingTimeout: null, randomSeed: 1 }

/** The fault of an expression; undefined for a linear one. */
async function faultOf({ place, pattern, flags }: Expression): Promise<string | undefined> {
  const judged = await check(pattern, flags, untimed)
  if (judged.status === 'safe') return undefined
  return `${place} /${pattern}/${flags} is ${judged.status === 'vulnerable' ? judged.complexity.summary : `not understood (${judged.error.kind})`}`
}

describe('regular expressions', () => {
  test('are judged correctly: an exponential one, a quadratic one, and one without an anchor', async () => {
    for (const pattern of ['^([A-Z]+-?)+[0-9]$', '^(\\S+)\\s*(.*)$', '\\s+$', '"(?:[^"\\\\]|\\\\.)*"'])
      assert.ok(await faultOf({ place: '', pattern, flags: '' }), pattern)
    assert.equal(await faultOf({ place: '', pattern: '^[a-z]+$', flags: '' }), undefined)
  })

  test('of ours are all linear', async () => {
    assert.ok(expressions.length > 200)
    const distinct = new Map(expressions.map((one) => [`${one.pattern}/${one.flags}`, one]))
    const faults = await Promise.all([...distinct.values()].map(faultOf))
    assert.deepEqual(faults.filter(Boolean), [])
  })

  test('contain nothing from outside', () => {
    assert.deepEqual(found, composed)
  })
})
