/** The primary process, as a worker process sees it. */
import cluster from 'node:cluster'
import type { TakePlace } from '#kernel/places.ts'
import { type Answers, type Ask, converse } from './channel.ts'

/** Whether this process is a worker of another one. */
export const isWorker = (): boolean => cluster.isWorker

/** Opens the channel to the primary process, whose end is the end of this one. */
export function primary(answers: Answers): Ask {
  return converse(
    {
      isConnected: () => process.connected,
      send: (message, sent) => void process.send?.(message, undefined, undefined, sent),
      receive: (heard) => void process.on('message', heard),
      closed: (gone) => void process.once('disconnect', gone),
    },
    answers,
  )
}

/** Takes places at the primary process. */
export const placesAt =
  (ask: Ask): TakePlace =>
  async (kind) => {
    const id = await ask('take', kind)
    return id === undefined ? undefined : () => void ask('leave', id).catch(() => {})
  }
