/** The regular expression of a custom field: matched in linear time, for any pattern and any value. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import { patternFault } from '#text/patterns.ts'
import { type Scene, scene } from './scene.ts'

let s: Scene
before(async () => {
  s = await scene()
})
after(() => s.server.close())

const field = (pattern: string, format: 'string' | 'text' = 'string') =>
  s.field({ name: `Field ${pattern}`.slice(0, 200), format, pattern })

/** The validation error of a value in a form. */
async function verdict(id: number, value: unknown): Promise<string | undefined> {
  const body = { subject: 'x', [`customField${id}`]: value, _links: { type: { href: `/api/v3/types/${s.type}` } } }
  const reply = await s.writer.post(`/projects/${s.project}/work_packages/form`, body)
  assert.equal(reply.status, 200)
  return reply.body._embedded.validationErrors[`customField${id}`]?.message
}

test('a form responds even for a pattern that a backtracking engine would never finish', async () => {
  const id = await field('^([A-Z]+-?)+[0-9]$')
  assert.match((await verdict(id, 'A'.repeat(200)))!, /does not match the regular expression\.$/)
  assert.equal(await verdict(id, `${'A-'.repeat(100)}1`), undefined)
})

test('a pattern has its former meaning', async () => {
  for (const [pattern, good, bad] of [
    ['\\A[a-z]+\\z', 'abc', 'abc1'],
    ['^\\d{3}-\\d{4}\\Z', '123-4567', '123-45678'],
    ['^(?<year>\\d{4})\\/\\u0041', '2031/A', '2031/B'],
    ['^\\\\z', '\\z', 'z'],
    ['\\p{Lu}', 'aÄ', 'aä'],
    ['^.{3}$', '💥💥💥', '💥💥'],
  ] as const) {
    const id = await field(pattern)
    assert.equal(await verdict(id, good), undefined, pattern)
    assert.match((await verdict(id, bad))!, /does not match/, pattern)
  }
})

test('a text that would take long to match is rejected by its length', async () => {
  const id = await field('a.{900}z', 'text')
  assert.match((await verdict(id, { raw: 'ab'.repeat(100_000) }))!, /is too long to be compared with the regular expression\.$/)
})

describe('a pattern that cannot be matched in linear time', () => {
  for (const [pattern, reason] of [
    ['^(?=a)b$', /lookaheads, lookbehinds, atomic groups and backreferences are not supported/],
    ['(?<!a)b', /lookaheads, lookbehinds/],
    ['(a)\\1', /backreferences/],
    ['(?<x>a)\\k<x>', /backreferences/],
    ['(a?){1000}(b?){1000}', /it is too large/],
    ['a{1,5000}', /invalid repeat count/],
    ['\\h+', /invalid escape sequence/],
    ['(', /missing closing \)/],
  ] as const) {
    test(`${pattern} is rejected at the definition of a field, with the reason`, async () => {
      await assert.rejects(field(pattern), (error: Error) => {
        assert.match(error.message, /^".*" is not a regular expression of RE2: .*\.$/)
        assert.match(error.message, reason)
        return true
      })
    })
  }

  test('is ignored if an earlier version accepted it, without an error', async () => {
    const id = await field('^[a-z]$')
    await s.server.db.transaction(async (tx) => {
      await tx.run(sql`update custom_fields set pattern = ${'^(?!x)a'} where id = ${id}`)
      await invalidate(tx, 'custom_fields')
    })
    assert.equal(await verdict(id, 'anything'), undefined)
    const { body } = await s.writer.get(`/work_packages/schemas/${s.project}-${s.type}`)
    assert.equal('regularExpression' in body[`customField${id}`], false)
    assert.match(patternFault('^(?!x)a')!, /lookaheads/)
  })
})
