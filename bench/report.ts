/** The results as tables, and a comparison with the targets. */
import { cases } from './cases.ts'
import { type CaseResult, caseNamed, type Result } from './measure.ts'

const engineNames = { sqlite: 'SQLite', postgres: 'PostgreSQL' }
const IDLE_MEMORY_MB = 150
const START_MS = 300
/** The number of connections for the comparison with the targets, if there are several. */
const AIMED_AT = 16

/** A number with about three digits. */
function short(value: number | undefined): string {
  if (value === undefined) return '–'
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

/** Rows of texts as columns; the first is aligned left, the others right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) => row.map((text, column) => (column === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[column]!))).join('  '))
    .join('\n')
}

const title = ({ engine, shape, size }: Result) =>
  `${engineNames[engine]}, ${shape} projects, ${size.toLocaleString('en')} work packages`

/** All results for one engine and size. */
export function report(result: Result): string {
  const head = [
    'case',
    'conns',
    'req/s',
    'p50 ms',
    'p99 ms',
    'cpu ms',
    '| floor 2',
    'req/s',
    'p50',
    'p99',
    'cpu ms',
    'of cpu',
    '| floor 1',
    'req/s',
    'p50',
    'p99',
    'statements',
  ]
  const rows = result.results.map(({ case: name, connections, servers, share, cpuShare }) => {
    const { halyard, floor1, floor2 } = servers
    const times = (own: number, other: number) => `${short(own / other)}x`
    return [
      name,
      String(connections),
      short(halyard.perSecond),
      short(halyard.p50),
      short(halyard.p99),
      short(halyard.cpuMs),
      `| ${short(share.floor2)}`,
      short(floor2.perSecond),
      times(halyard.p50, floor2.p50),
      times(halyard.p99, floor2.p99),
      short(floor2.cpuMs),
      short(cpuShare),
      `| ${short(share.floor1)}`,
      short(floor1.perSecond),
      times(halyard.p50, floor1.p50),
      times(halyard.p99, floor1.p99),
      String(result.statements[name]),
    ]
  })
  const { startMs, memory } = result
  return [
    title(result),
    '',
    `Start to first answer ${startMs.toFixed(0)} ms; memory ${short(memory.idle)} MB idle, ${short(memory.loaded)} MB after the load.`,
    '',
    table([head, ...rows]),
  ].join('\n')
}

/** Legend of the columns of `report`. */
export const legend = `Below a floor's name: Halyard's requests per second as a share of that floor's. Then the floor's own requests per second, and
Halyard's p50 and p99 as multiples of the floor's. Floor 1 sends the same bytes prebuilt; floor 2 reads the rows by minimal SQL
(or writes them durably) and sends JSON.stringify of the same body. cpu ms: processor time of the server's process per request;
of cpu: floor 2's as a share of Halyard's, the share of requests that remains when other programs disturb the run.`

interface Verdict {
  what: string
  aim: string
  measured: string
  met: boolean
}

/** Targets and results. */
export function verdicts(all: readonly Result[]): string {
  const list = all.flatMap((result) => [...judged(result).map((one) => ({ ...one, what: `${title(result)}: ${one.what}` }))])
  const lines = [...list, ...constancy(all)].map(({ what, aim, measured, met }) => [what, aim, measured, met ? 'met' : 'MISSED'])
  return table([['aim', 'at', 'measured', ''], ...lines])
}

function judged({ engine, shape, startMs, memory, results, statements }: Result): Verdict[] {
  const shares = results
    .filter(({ case: name, connections }) => connections === AIMED_AT || caseNamed(name)?.apart)
    .flatMap(({ case: name, share }: CaseResult): Verdict[] => {
      const aim = caseNamed(name)!.aims[shape]?.[engine]
      if (aim === undefined) return []
      return [{ what: `${name}, share of floor 2`, aim: `≥ ${aim}`, measured: short(share.floor2), met: share.floor2 >= aim }]
    })
  const counted = cases.flatMap(({ name, statements: most }): Verdict[] => {
    const count = statements[name]
    if (most === undefined || count === undefined) return []
    return [{ what: `${name}, statements`, aim: `≤ ${most}`, measured: String(count), met: count <= most }]
  })
  const { idle } = memory
  return [
    ...shares,
    ...counted,
    ...(idle === undefined
      ? []
      : [{ what: 'idle memory in MB', aim: `< ${IDLE_MEMORY_MB}`, measured: short(idle), met: idle < IDLE_MEMORY_MB }]),
    { what: 'start in ms', aim: `< ${START_MS}`, measured: startMs.toFixed(0), met: startMs < START_MS },
  ]
}

/** The number of statements depends neither on the page's size nor on the data's. */
function constancy(all: readonly Result[]): Verdict[] {
  const byEngine = Map.groupBy(all, (result) => result.engine)
  return [...byEngine].flatMap(([engine, results]) => {
    const families = [...new Set(cases.filter((one) => one.statements !== undefined).map(({ name }) => name.replace(/\d+$/, '')))]
    return families.flatMap((family): Verdict[] => {
      const counts = results.flatMap(({ statements }) =>
        Object.entries(statements).filter(([name]) => name.replace(/\d+$/, '') === family),
      )
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
