/**
 * The metrics of a process, or of several that serve together, in the text format of Prometheus. Loaded only where an option asks for them: nothing is counted
 * otherwise. All labels have few values: the operations and routes that there are, methods and statuses.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Database } from '#db/database.ts'
import { version } from '#files/package.ts'
import { operationIn } from '#http/mount.ts'
import { operationIdOf } from '#http/openapi/operations.ts'
import { statementsOf } from '#http/request-log.ts'
import { JOB_STATES } from '#jobs/status.ts'
import { type Figures, readFigures } from './figures.ts'

export interface Metrics {
  /** The media type of the text. */
  readonly contentType: string
  /** All metrics now. Reads the database; if that is unavailable, a metric says so. */
  text(): Promise<string>
  /** Counts the requests of an application from now on. Its hook must be added after those of the log. */
  watch(app: FastifyInstance): void
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const STATEMENTS = [0, 1, 2, 3, 5, 8, 12, 20, 30, 50, 100]
/** Node parses some dozens of methods. */
const METHODS: readonly string[] = ['GET', 'POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS']
/** Requests for nothing that there is: all of them together, or paths would become series. */
const UNKNOWN = 'unknown'

/** The operation of a request, or the route of a page. */
function nameOf(request: FastifyRequest): string {
  const operation = operationIn(request)
  if (operation) return operationIdOf(operation)
  const { url } = request.routeOptions
  return url === undefined || API.test(url) ? UNKNOWN : url
}

/** Routes of all operations together. */
const API = /^\/api\/v3(\/\*)?$/

/** What one process has measured, as values that another one can add to its own. */
export type Measured = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/** The measures of this process alone, without what the database holds. */
export interface Measures {
  readonly registry: Registry
  read(): Promise<Measured>
  watch(app: FastifyInstance): void
}

/** Begins to measure a process that uses this database. */
export function createMeasures(db: Database): Measures {
  const registers = [new Registry()]
  const [registry] = registers as [Registry]
  collectDefaultMetrics({ register: registry })

  new Gauge({
    registers,
    name: 'halyard_info',
    help: 'The version of Halyard and its database.',
    labelNames: ['version', 'engine'],
    aggregator: 'first',
  })
    .labels(version, db.engine)
    .set(1)
  new Counter({
    registers,
    name: 'halyard_database_statements_total',
    help: 'Statements that this process has run, without transaction control.',
    collect() {
      this.reset()
      this.inc(db.statements)
    },
  })
  new Gauge({
    registers,
    name: 'halyard_database_connections',
    help: 'Connections to PostgreSQL that are used and idle, and requests that wait for one.',
    labelNames: ['state'],
    collect() {
      for (const [state, count] of Object.entries(db.connections ?? {})) this.set({ state }, count)
    },
  })

  return {
    registry,
    read: async () =>
      (await registry.getMetricsAsJSON()).map((one) => ({ ...one, aggregator: aggregators[one.aggregator] ?? one.aggregator })),
    watch(app) {
      const labelNames = ['operation', 'method'] as const
      const requests = new Counter({
        registers,
        name: 'halyard_requests_total',
        help: 'Answered requests by operation, method and status.',
        labelNames: [...labelNames, 'status'],
      })
      const durations = new Histogram({
        ...{ registers, labelNames, buckets: SECONDS },
        name: 'halyard_request_duration_seconds',
        help: 'Time until a request was answered.',
      })
      const statements = new Histogram({
        ...{ registers, labelNames, buckets: STATEMENTS },
        name: 'halyard_request_statements',
        help: 'Statements that a request has run.',
      })
      app.addHook('onResponse', (request, reply, done) => {
        const method = METHODS.includes(request.method) ? request.method : UNKNOWN
        const labels = { operation: nameOf(request), method }
        requests.inc({ ...labels, status: reply.statusCode })
        durations.observe(labels, reply.elapsedTime / 1000)
        statements.observe(labels, statementsOf(request) ?? 0)
        done()
      })
    },
  }
}

/** Where those of the library hide the slowest process, or the start of the first. */
const aggregators: Readonly<Record<string, Measured[number]['aggregator']>> = { average: 'max', omit: 'min' }

/** The measures of several processes as one: counters and histograms are added, and gauges by their aggregators. */
export const together = (measured: readonly Measured[]): Registry => AggregatorRegistry.aggregate([...measured])

/**
 * The metrics of this process, or of all that serve together.
 * @param measures those of this process
 * @param others reads those of the other processes; undefined: there are none
 */
export function createMetrics(
  db: Database,
  measures: Measures = createMeasures(db),
  others?: () => Promise<readonly Measured[]>,
): Metrics {
  const registers = [new Registry()]
  const [registry] = registers as [Registry]
  const gauge = (name: string, help: string) => new Gauge({ registers, name: `halyard_${name}`, help })
  const labelled = <L extends string>(label: L, name: string, help: string) =>
    new Gauge({ registers, name: `halyard_${name}`, help, labelNames: [label] })

  const up = gauge('database_up', 'Whether the database has answered this scrape: 1 or 0.')
  const jobs = labelled('state', 'jobs', 'Jobs of all processes by state.')
  const figures: readonly (readonly [Gauge, (known: Figures) => number])[] = [
    [gauge('database_size_bytes', 'Size of the database.'), ({ bytes }) => bytes],
    [gauge('jobs_overdue_seconds', 'Time since the oldest job that no process runs has been due.'), ({ overdue }) => overdue],
    [gauge('outbox_events', 'Events that are not delivered to their subscribers.'), ({ events }) => events],
    [gauge('outbox_age_seconds', 'Time since the oldest of these events was written.'), ({ eventAge }) => eventAge],
    [gauge('attachments', 'Attachments.'), ({ attachments }) => attachments.count],
    [gauge('attachments_bytes', 'Size of the attachments.'), ({ attachments }) => attachments.bytes],
    [gauge('sessions', 'Sessions that are valid.'), ({ sessions }) => sessions],
  ]
  const show = (known: Figures | undefined) => {
    up.set(known ? 1 : 0)
    for (const state of JOB_STATES) {
      const labels = { state: state.replace(' ', '_') }
      if (known) jobs.set(labels, known.jobs[state])
      else jobs.remove(labels)
    }
    for (const [one, valueIn] of figures) {
      if (known) one.set(valueIn(known))
      // No value is better than a former one.
      else one.remove()
    }
  }

  /** Scrapes at the same time share one reading, so that nobody can keep the database busy. */
  let scrape: Promise<string> | undefined
  return {
    contentType: registry.contentType,
    text() {
      scrape ??= readFigures(db)
        .then(async (known) => {
          show(known)
          const measured = others ? together([await measures.read(), ...(await others())]) : measures.registry
          return Registry.merge([measured, registry]).metrics()
        })
        // prom-client spells it otherwise than the format does; the delay of the event loop is none between two scrapes at once.
        .then((text) => text.replaceAll(/ Nan$/gm, ' NaN'))
        .finally(() => {
          scrape = undefined
        })
      return scrape
    },
    watch: measures.watch,
  }
}
