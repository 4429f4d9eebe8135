/** The results as tables, with the aims that they are held to. */
import { cases } from './cases.ts'
import { type CaseResult, caseNamed, type Figures, type Result } from './measure.ts'
import type { Memory } from './server.ts'
import { shapes } from './shapes.ts'
import { type Stall, stalls } from './stalls.ts'

const engineNames = { sqlite: 'SQLite', postgres: 'PostgreSQL' }
const IDLE_MEMORY_MB = 150
const START_MS = 300
/** Requests may be this much slower for ten times as many rows. */
const SLOWER = 1.3
/** The number of connections for the comparison with the aims, if there are several. */
const AIMED_AT = 16
/** A load generator that takes more of a processor measures itself. */
const BUSY = 0.9

/** A number with about three digits. */
function short(value: number | undefined): string {
  if (value === undefined) return '–'
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

const whole = (value: number | undefined) => (value === undefined ? '–' : value.toFixed(0))
const times = (own: number | undefined, other: number | undefined) =>
  own === undefined || !other ? '–' : `${short(own / other)}x`

/** Rows of texts as columns; the first is aligned left, the others right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) => row.map((text, column) => (column === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[column]!))).join('  '))
    .join('\n')
}

type Columns<T> = readonly (readonly [head: string, cell: (row: T) => string])[]

/** A column that parts others. */
const bar = ['|', () => '|'] as const

/** Rows as a table with a head. */
const columns = <T>(all: Columns<T>, rows: readonly T[]): string =>
  table([all.map(([head]) => head), ...rows.map((row) => all.map(([, cell]) => cell(row)))])

const title = ({ engine, shape, size }: Result) =>
  `${engineNames[engine]}, ${shape} projects, ${size.toLocaleString('en')} work packages`

interface Aim {
  what: string
  aim: string
  measured: string
  met: boolean
}

/** What a case is held to, as far as it is: its share of the second floor, and of the case that it varies. */
function aimsOf(
  { engine, shape }: Result,
  { case: name, connections, share }: CaseResult,
): Record<'floor2' | 'base', Aim | undefined> {
  const { aims, against, apart } = caseNamed(name)!
  const judge = (what: string, least: number | undefined, measured: number | undefined): Aim | undefined =>
    least === undefined || measured === undefined || (connections !== AIMED_AT && !apart)
      ? undefined
      : { what: `${name}, share of ${what}`, aim: `≥ ${least}`, measured: short(measured), met: measured >= least }
  return {
    floor2: judge('floor 2', aims[shape]?.[engine], share.floor2),
    base: judge(against?.case ?? '', against?.atLeast, share.base),
  }
}

const verdict = (aim: Aim | undefined) => (aim ? `${aim.aim} ${aim.met ? 'met' : 'MISSED'}` : '')

/** All results for one engine, one shape and one size. */
export function report(result: Result): string {
  const { shape, size, start, memory, statements, bytes, results, stalls: stalled } = result
  const all: Columns<CaseResult> = [
    ['case', (one) => one.case],
    ...(results.some((one) => one.connections !== AIMED_AT && !caseNamed(one.case)?.apart)
      ? [['conns', (one: CaseResult) => String(one.connections)] as const]
      : []),
    ['req/s', (one) => short(one.servers.halyard.perSecond)],
    ['p50 ms', (one) => short(one.servers.halyard.p50)],
    ['p99 ms', (one) => short(one.servers.halyard.p99)],
    ['cpu ms', (one) => short(one.servers.halyard.cpuMs)],
    bar,
    ['floor 2', (one) => short(one.servers.floor2.perSecond)],
    ['share', (one) => short(one.share.floor2)],
    ['aim', (one) => verdict(aimsOf(result, one).floor2)],
    ['p99', (one) => times(one.servers.halyard.p99, one.servers.floor2.p99)],
    ['of cpu', (one) => short(one.cpuShare)],
    bar,
    ['floor 1', (one) => short(one.servers.floor1?.perSecond)],
    ['share', (one) => short(one.share.floor1)],
    bar,
    ['of', (one) => caseNamed(one.case)?.against?.case ?? ''],
    ['share', (one) => (one.share.base === undefined ? '' : short(one.share.base))],
    ['aim', (one) => verdict(aimsOf(result, one).base)],
    bar,
    ['statements', (one) => String(statements[one.case])],
    ['bytes', (one) => whole(bytes[one.case])],
    ['load', ({ servers: { halyard, floor2 } }) => [...new Set([halyard.generator, floor2.generator])].join('/')],
  ]
  const remembered = (one: Memory | undefined) =>
    `${whole(one?.rss)} MB resident (${whole(one?.pss)} MB proportional set size without the database's files)`
  return [
    title(result),
    `${shapes[shape].meaning}; ${shapes[shape].projects(size)} projects`,
    '',
    ...(start ? [`Start to first answer ${whole(start.cached)} ms, ${whole(start.uncached)} ms without a compile cache.`] : []),
    `Memory ${remembered(memory.idle)} idle, ${remembered(memory.loaded)} after the load.`,
    ...results.flatMap(({ case: name, creates }) =>
      creates
        ? [
            `During ${name}, ${creates.answered} of ${creates.answered} creates were answered 201, with a p99 of ${short(creates.p99)} ms.`,
          ]
        : [],
    ),
    ...results.flatMap(busy),
    ...(results.length > 0 ? ['', columns(all, results)] : []),
    ...(stalled.length > 0 ? ['', stallTable(stalled)] : []),
  ].join('\n')
}

/** Warnings that a load generator was too slow for a server. */
const busy = ({ case: name, servers }: CaseResult): string[] =>
  Object.entries<Figures>(servers)
    .filter(([, one]) => one.generatorShare > BUSY)
    .map(
      ([server, one]) =>
        `The load generator (${one.generator}) took ${whole(100 * one.generatorShare)} % of a processor for ${name} on ${server}, which may be faster.`,
    )

function stallTable(all: readonly Stall[]): string {
  const rows = all.flatMap((stall) => (['reads', 'updates'] as const).map((kind) => ({ ...stall, kind, ...stall.waits[kind] })))
  return columns<(typeof rows)[number]>(
    [
      [`while (requests of others each 10 ms)`, (one) => stalls[one.name].meaning],
      ['rows', (one) => String(one.rows)],
      ['answered s', (one) => short(one.answered)],
      ['done s', (one) => short(one.done)],
      bar,
      ['others', (one) => one.kind],
      ['number', (one) => String(one.during.requests)],
      ['p99 ms', (one) => short(one.during.p99)],
      ['longest ms', (one) => short(one.during.longest)],
      bar,
      ['in quiet p99 ms', (one) => short(one.quiet.p99)],
      ['longest ms', (one) => short(one.quiet.longest)],
    ],
    rows,
  )
}

/** Legend of the columns of `report`. */
export const legend = `Left: Halyard, with milliseconds of processor time of its process per request. Floor 2 reads the rows by minimal SQL (or writes them
durably) and sends JSON.stringify of the same body: its requests per second, Halyard's as a share of these, Halyard's p99 as a multiple
of its p99, and its processor time as a share of Halyard's (what remains of the share when other programs disturb the run). Floor 1
sends the same bytes prebuilt. Before they are measured, each read of both floors is compared with Halyard's: the same body, in as
many bytes. of: the case that this one varies, measured by turns with it. docs/performance.md explains the cases.`

/** The aims that were missed, and how many there are; the growth with the number of rows. */
export function verdicts(all: readonly Result[]): string {
  const list = [
    ...all.flatMap((result) => judged(result).map((one) => ({ ...one, what: `${title(result)}: ${one.what}` }))),
    ...constancy(all),
  ]
  const missed = list.filter((one) => !one.met)
  const missedTable: Columns<Aim> = [
    ['missed', (one) => one.what],
    ['aim', (one) => one.aim],
    ['measured', (one) => one.measured],
  ]
  return [
    `${list.length - missed.length} of ${list.length} aims are met.`,
    ...(missed.length > 0 ? ['', columns(missedTable, missed)] : []),
    ...growth(all),
  ].join('\n')
}

function judged(result: Result): Aim[] {
  const { start, memory, results, statements } = result
  const counted = cases.flatMap(({ name, statements: most }): Aim[] => {
    const count = statements[name]
    if (most === undefined || count === undefined) return []
    return [{ what: `${name}, statements`, aim: `≤ ${most}`, measured: String(count), met: count <= most }]
  })
  const below = (what: string, limit: number, value: number | undefined): Aim[] =>
    value === undefined ? [] : [{ what, aim: `< ${limit}`, measured: whole(value), met: value < limit }]
  return [
    ...results.flatMap((one) => Object.values(aimsOf(result, one))).filter((aim) => aim !== undefined),
    ...counted,
    ...below('idle memory in MB', IDLE_MEMORY_MB, memory.idle?.rss),
    ...below('start in ms', START_MS, start?.cached),
  ]
}

/** The number of statements depends neither on the page's size nor on the data's. */
function constancy(all: readonly Result[]): Aim[] {
  const familyOf = (name: string) => name.replace(/\d+$/, '')
  const byEngine = Map.groupBy(all, (result) => result.engine)
  return [...byEngine].flatMap(([engine, results]) => {
    const families = [...new Set(cases.filter((one) => one.statements !== undefined).map(({ name }) => familyOf(name)))]
    return families.flatMap((family): Aim[] => {
      const counts = results.flatMap(({ statements }) => Object.entries(statements).filter(([name]) => familyOf(name) === family))
      const different = [...new Set(counts.map(([, count]) => count))]
      if (counts.length < 2) return []
      return [
        {
          what: `${engineNames[engine]}: ${family}, statements whatever the size`,
          aim: 'constant',
          measured: different.join(', '),
          met: different.length === 1,
        },
      ]
    })
  })
}

const keyOf = ({ case: name, connections }: CaseResult) => `${name} ${connections}`

interface Pair {
  name: string
  before: CaseResult
  after: CaseResult
}

const paired = (before: Result, after: Result): Pair[] =>
  after.results.flatMap((one) => {
    const other = before.results.find((former) => keyOf(former) === keyOf(one))
    return other ? [{ name: one.case, before: other, after: one }] : []
  })

/** How much slower each case is with the largest number of rows than with the smallest, for each engine and shape. */
function growth(all: readonly Result[]): string[] {
  const groups = Map.groupBy(all, ({ engine, shape }) => `${engineNames[engine]}, ${shape} projects`)
  return [...groups].flatMap(([what, results]) => {
    const [smallest, ...larger] = results.toSorted((a, b) => a.size - b.size) as [Result, ...Result[]]
    return larger.flatMap((result) => {
      const slower = (server: 'halyard' | 'floor2') => (pair: Pair) =>
        pair.before.servers[server].perSecond / pair.after.servers[server].perSecond
      const aim = (pair: Pair) => `≤ ${SLOWER} ${slower('halyard')(pair) <= SLOWER ? 'met' : 'MISSED'}`
      const all: Columns<Pair> = [
        [`${what}`, ({ name }) => name],
        [`req/s of ${smallest.size.toLocaleString('en')}`, ({ before }) => short(before.servers.halyard.perSecond)],
        [`of ${result.size.toLocaleString('en')}`, ({ after }) => short(after.servers.halyard.perSecond)],
        ['slower', (pair) => `${short(slower('halyard')(pair))}x`],
        ['aim', aim],
        ['floor 2 slower', (pair) => `${short(slower('floor2')(pair))}x`],
      ]
      return ['', columns(all, paired(smallest, result))]
    })
  })
}

/** What has changed since a former run: of each engine, shape and size that both measured. */
export function comparison(before: readonly Result[], after: readonly Result[]): string {
  const tables = after.flatMap((result) => {
    const former = before.find((one) => title(one) === title(result))
    if (!former) return []
    const all: Columns<Pair> = [
      [title(result), ({ name }) => name],
      ['req/s before', (pair) => short(pair.before.servers.halyard.perSecond)],
      ['after', (pair) => short(pair.after.servers.halyard.perSecond)],
      ['ratio', (pair) => times(pair.after.servers.halyard.perSecond, pair.before.servers.halyard.perSecond)],
      bar,
      ['share before', (pair) => short(pair.before.share.floor2)],
      ['after', (pair) => short(pair.after.share.floor2)],
      ['ratio', (pair) => times(pair.after.share.floor2, pair.before.share.floor2)],
      bar,
      ['p99 before', (pair) => short(pair.before.servers.halyard.p99)],
      ['after', (pair) => short(pair.after.servers.halyard.p99)],
    ]
    return ['', columns(all, paired(former, result))]
  })
  return tables.length > 0 ? tables.join('\n') : '\nThe former run measured nothing that this one has measured.'
}
