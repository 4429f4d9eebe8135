/**
 * Seeded fuzz (H113): every operation gets garbage generated from its own description. No response is 5xx, and every
 * response matches its description. FUZZ_SEED selects other garbage; the default is constant, so that the suite is reproducible.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { chance } from '#test/chance.ts'
import { garbage } from '#test/garbage.ts'
import { judgeByOurs } from '#test/judge.ts'
import { orphans, versionFaults } from '#test/layout.ts'
import { type Populated, populated } from '#test/populated.ts'
import { operations } from '#test/registry.ts'
import { isEverything } from '#test/sample.ts'

const REQUESTS_PER_OPERATION = isEverything ? 40 : 8
/** The time limit of a request, on a machine with other load. */
const LONGEST = 5_000

const seed = Number(process.env.FUZZ_SEED ?? 1222425886)

let world: Populated
before(async () => {
  world = await populated()
})
after(() => world.close())

test(`every operation handles garbage, with seed ${seed}`, async () => {
  const draw = chance(seed)
  const judge = judgeByOurs((await world.server.admin.get('/openapi.json')).body)
  const broken: string[] = []
  for (let round = 0; round < REQUESTS_PER_OPERATION; round++) {
    for (const operation of operations()) {
      const person = world.person(draw.of(['admin', 'admin', 'admin', 'member', 'coded1', 'anonymous']))
      const { method, path, body, headers } = garbage(operation, draw)
      const start = performance.now()
      const answer = await person.send(method, path, body, headers).catch((error: Error) => error)
      const took = performance.now() - start
      const asked = `${person.name}: ${method} ${path.slice(0, 500)} ${String(body ?? '').slice(0, 1500)}`
      if (answer instanceof Error) broken.push(`${asked} is not answered: ${answer.message}`)
      else if (answer.status >= 500) broken.push(`${asked} answers ${answer.status}`)
      else broken.push(...judge(answer).map((reason) => `${asked}: …${reason.slice(-300)}`))
      if (took > LONGEST) broken.push(`${asked} took ${Math.round(took)} ms`)
    }
  }
  assert.deepEqual(broken.slice(0, 12), [])
  assert.deepEqual([...(await orphans(world.server.db)), ...(await versionFaults(world.server.db))], [])
})
