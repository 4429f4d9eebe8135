/**
 * Lanes: connections that all readers outside transactions share, each without waiting for the statements of others. What is asked
 * at the same time leaves in one write, and few processes of the database are woken. A lane answers in order, so statements that
 * may take long run elsewhere: those that are marked, and those that took long before.
 */
import type pg from 'pg'
import type { Outcome } from './postgres-line.ts'
import { isLengthy, type Sql } from './sql.ts'

/** A lane whose statement takes longer is left to it. */
const HELD_UP_MS = 200
/** A text that took so long runs in no lane for this time. */
const REST_MS = 60_000
const MOST_SLOW = 1000

interface Lane {
  readonly client: pg.PoolClient
  /** The statements under way. */
  waiting: number
  /** Since when the first one of them has been running. */
  since: number
  /** Whether something that was written to it leaves at the end of this turn of the event loop. */
  isLoading: boolean
}

/** A few statements that leave in one write take less time than as many writes. */
const loadOf = ({ waiting, isLoading }: Lane) => (isLoading ? waiting - SHARED_WRITE : waiting)
const SHARED_WRITE = 4

export interface Lanes {
  /** Runs a statement in the lane with the fewest under way; undefined where it should run elsewhere. */
  run(query: Sql, ask: (client: pg.PoolClient) => Promise<Outcome>): Promise<Outcome> | undefined
  readonly count: number
  /** The number of lanes with a statement under way. */
  readonly busy: number
  /** Gives all connections back. */
  close(): void
}

/**
 * Makes lanes, which open when they are first needed.
 * @param most the largest number of lanes
 * @param acquire opens a connection
 * @param isSound whether a connection can still be used
 */
export function createLanes(
  most: number,
  acquire: () => Promise<pg.PoolClient>,
  isSound: (client: pg.PoolClient) => boolean,
  giveBack: (client: pg.PoolClient) => void,
): Lanes {
  let lanes: Lane[] = []
  let isOpening = false
  let isClosed = false
  /** The texts that took long, and when. */
  const slow = new Map<string, number>()

  /** Opens another lane, for later statements. */
  const open = async () => {
    if (isOpening || isClosed || lanes.length >= most) return
    isOpening = true
    try {
      const client = await acquire()
      if (isClosed) giveBack(client)
      else lanes.push({ client, waiting: 0, since: 0, isLoading: false })
    } catch {
      // Whatever keeps it from opening, statements report it elsewhere.
    } finally {
      isOpening = false
    }
  }

  /** The lane with the fewest statements under way; undefined where there is none, or a statement takes long in each. */
  const freest = (): Lane | undefined => {
    const broke = lanes.filter(({ client }) => !isSound(client))
    if (broke.length > 0) lanes = lanes.filter((one) => !broke.includes(one))
    for (const { client } of broke) giveBack(client)
    const late = performance.now() - HELD_UP_MS
    let best: Lane | undefined
    for (const lane of lanes) {
      if (lane.waiting > 0 && lane.since < late) continue
      if (!best || loadOf(lane) < loadOf(best)) best = lane
    }
    if (!best || best.waiting > 0) void open()
    return best
  }

  const isSlow = (text: string) => slow.size > 0 && (slow.get(text) ?? -Infinity) > performance.now() - REST_MS

  const queue = async (lane: Lane, { text }: Sql, ask: (client: pg.PoolClient) => Promise<Outcome>): Promise<Outcome> => {
    if (lane.waiting++ === 0) lane.since = performance.now()
    if (!lane.isLoading) {
      lane.isLoading = true
      setImmediate(() => {
        lane.isLoading = false
      })
    }
    try {
      return await ask(lane.client)
    } finally {
      const now = performance.now()
      if (now - lane.since > HELD_UP_MS) {
        if (slow.size >= MOST_SLOW) slow.clear()
        slow.set(text, now)
      }
      lane.since = now
      lane.waiting--
    }
  }

  return {
    run(query, ask) {
      const lane = isLengthy(query) || isSlow(query.text) ? undefined : freest()
      return lane && queue(lane, query, ask)
    },
    get count() {
      return lanes.length
    },
    get busy() {
      return lanes.filter(({ waiting }) => waiting > 0).length
    },
    close() {
      isClosed = true
      for (const { client } of lanes.splice(0)) giveBack(client)
    },
  }
}
