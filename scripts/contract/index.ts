/** Compares our server with the official OpenAPI document: the operations that it has, and the schemas of its responses. */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { compare, countByTag, operationsOf, ratchet } from './compare.ts'
import { crawl, provoke } from './exercise.ts'
import { repair } from './faults.ts'
import { loadOfficial, loadServed, readBeside, startServer } from './load.ts'
import { openSession } from './session.ts'
import type { Violation } from './validate.ts'
import { judgeBy } from './validate.ts'
import { write } from './writes.ts'

const usage = `npm run contract -- [options]
  --url URL        ask the server at URL instead of starting one; needs --token
  --token TOKEN    an administrator's API token for that server
  --read-only      make no writes
  --missing        list the operations that are absent, and those present that no request could exercise
  --update         record the operations now present in present.json, which only grows
  --require        fail when the official document is absent (as CI=true does)`

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    token: { type: 'string' },
    'read-only': { type: 'boolean', default: false },
    missing: { type: 'boolean', default: false },
    update: { type: 'boolean', default: false },
    require: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (options.help) console.log(usage)
else process.exitCode = (await main().catch(stopped)) ? 0 : 1

/** Runs the comparison and prints it; true when all is well. */
async function main(): Promise<boolean> {
  const document = loadOfficial()
  if (!document) {
    const required = options.require || process.env.CI === 'true'
    console.log('The official OpenAPI document was not found; HALYARD_TEST_CONTRACT may name its file.')
    console.log(`contract: ${required ? 'failed, the document is required' : 'skipped'}`)
    return !required
  }
  if (options.url && !options.token) {
    console.log(`contract: failed, --url needs --token\n${usage}`)
    return false
  }
  const official = repair(document, readBeside('known-faults.json').faults)
  const server = options.url ? { url: options.url, token: options.token!, stop: async () => {} } : await startServer()
  try {
    return await hold(official, server)
  } finally {
    await server.stop()
  }
}

/** Reports an error that ended the run early. */
function stopped(error: Error): boolean {
  console.log(`contract: failed, ${error.message}`)
  return false
}

/** Compares, exercises and judges; prints the results, and returns whether the contract is kept. */
async function hold(official: ReturnType<typeof repair>, server: { url: string; token: string }): Promise<boolean> {
  const failures = [...official.problems]
  const served = operationsOf(await loadServed(server))
  const expected = operationsOf(official.document).filter(({ name }) => !official.excluded.includes(name))
  const { present, missing } = compare(expected, served, official.aliases)
  for (const [tag, here, total] of countByTag(present, missing)) console.log(`  ${tag}: ${here} of ${total}`)
  console.log(`operations present: ${present.length} of ${expected.length}`)

  const names = present.map(({ name }) => name)
  const { lost, unrecorded, grown } = ratchet(readBeside('present.json'), names)
  if (options.update) writeFileSync(resolve(import.meta.dirname, 'present.json'), `${JSON.stringify(grown, null, 2)}\n`)
  failures.push(...lost.map((name) => `${name} was present and is absent now`))
  if (unrecorded.length > 0 && !options.update) {
    failures.push(`${unrecorded.length} operations are new, such as ${unrecorded[0]}: record them with --update`)
  }

  const paths = [...new Set(served.map(({ path }) => path))]
  const session = openSession(server, present, paths, judgeBy(official.document))
  await crawl(session)
  if (!options['read-only']) {
    const cleanUp = await write(session)
    await crawl(session)
    await cleanUp()
    await provoke(session)
  }

  const idle = names.filter((name) => !session.succeeded.has(name))
  if (options.missing) {
    for (const { name } of missing) console.log(`missing: ${name}`)
    for (const name of idle) console.log(`not exercised: ${name}`)
  }
  const violations = alike(session.violations)
  for (const line of [...violations, ...failures]) console.log(line)
  console.log(`operations exercised with success: ${names.length - idle.length} of ${names.length}`)
  const kept = failures.length + violations.length === 0
  const faults = `${violations.length} violations, ${failures.length} other faults`
  console.log(`contract: ${kept ? 'kept' : `failed, ${faults}`}; ${present.length} of ${expected.length} operations present`)
  return kept
}

/** One line for each kind of violation, with its first place and its count. */
function alike(violations: Violation[]): string[] {
  const kinds = new Map<string, Violation[]>()
  for (const violation of violations) {
    const key = [violation.operation, violation.pointer.replaceAll(/\/\d+(?=\/|$)/g, '/0'), violation.message].join('\n')
    kinds.set(key, [...(kinds.get(key) ?? []), violation])
  }
  return [...kinds.values()].map(([first, ...more]) => {
    const { operation, url, pointer, message } = first!
    return `${operation} | ${url} | ${pointer || '(answer)'} | ${message}${more.length > 0 ? ` (and ${more.length} more)` : ''}`
  })
}
