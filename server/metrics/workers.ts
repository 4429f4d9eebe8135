/** The metrics of a server with worker processes: each process measures itself, and the primary one puts them together. */
import type { Database } from '#db/database.ts'
import { createMeasures, createMetrics, type Measured, type Metrics, together } from './metrics.ts'

/** What becomes no less where a process ends, or a scrape would take it for a restart of all. */
const LASTING: readonly unknown[] = ['counter', 'histogram']

/** The metrics of all processes, and what has to be told to them. */
export interface JointMetrics {
  readonly metrics: Metrics
  /** A worker process has ended: what it has counted stays counted, as far as it is known. */
  ended(worker: number): void
}

/**
 * Begins to measure the primary process.
 * @param ask reads the measures of the workers, by their ids; those that do not answer in time keep their last ones
 */
export function jointMetrics(db: Database, ask: () => Promise<ReadonlyMap<number, unknown>>): JointMetrics {
  const known = new Map<number, Measured>()
  let former: readonly Measured[] = []
  const others = async () => {
    for (const [worker, measured] of await ask()) known.set(worker, measured as Measured)
    const added = former
    if (added.length > 1) former = [await together(added).getMetricsAsJSON(), ...former.slice(added.length)]
    return [...former, ...known.values()]
  }
  return {
    metrics: createMetrics(db, createMeasures(db), others),
    ended(worker) {
      const last = known.get(worker)?.filter(({ type }) => LASTING.includes(type))
      known.delete(worker)
      if (last) former = [...former, last]
    },
  }
}

/**
 * Begins to measure a worker process.
 * @param text asks the primary process for the metrics of all
 */
export function workerMetrics(db: Database, text: () => Promise<string>): { metrics: Metrics; read: () => Promise<Measured> } {
  const { registry, read, watch } = createMeasures(db)
  return { metrics: { contentType: registry.contentType, text, watch }, read }
}
