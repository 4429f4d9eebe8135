/** Questions and answers between two processes: the primary one and a worker. */

/** One end of the channel between them. */
interface End {
  /** Whether the other process can still be reached. */
  isConnected(): boolean
  send(message: unknown, sent: (error: Error | null) => void): void
  receive(heard: (message: unknown) => void): void
  /** Told once, when the channel is closed. */
  closed(gone: () => void): void
}

/** Gives the answers to the questions of the other process, by name. What they throw, the other process gets as an Error. */
export type Answers = Readonly<Record<string, (about: unknown) => unknown>>

/**
 * Asks the other process.
 * @returns its answer
 * @throws Error with the message that the answer failed with, or if the other process has gone
 */
export type Ask = (question: string, about?: unknown) => Promise<unknown>

type Message =
  | { readonly halyard: 'question'; readonly id: number; readonly question: string; readonly about: unknown }
  | { readonly halyard: 'answer'; readonly id: number; readonly answer?: unknown; readonly failure?: string }

const isMessage = (message: unknown): message is Message =>
  typeof message === 'object' && message !== null && 'halyard' in message

/** Opens this end of a channel. Returns the function that asks the other one. */
export function converse(end: End, answers: Answers): Ask {
  const asked = new Map<number, PromiseWithResolvers<unknown>>()
  let count = 0
  const gone = () => new Error('The other process has ended.')

  const answer = async (question: string, about: unknown): Promise<{ answer?: unknown; failure?: string }> => {
    try {
      return { answer: await answers[question]?.(about) }
    } catch (error) {
      return { failure: error instanceof Error ? error.message : String(error) }
    }
  }
  end.receive((message) => {
    if (!isMessage(message)) return
    if (message.halyard === 'question') {
      const { id } = message
      void answer(message.question, message.about).then((found) => {
        // Nobody waits for an answer on a closed channel.
        if (end.isConnected()) end.send({ halyard: 'answer', id, ...found }, () => {})
      })
      return
    }
    const waiting = asked.get(message.id)
    asked.delete(message.id)
    if (message.failure === undefined) waiting?.resolve(message.answer)
    else waiting?.reject(new Error(message.failure))
  })
  end.closed(() => {
    for (const { reject } of asked.values()) reject(gone())
    asked.clear()
  })

  return (question, about) => {
    const waiting = Promise.withResolvers<unknown>()
    if (!end.isConnected()) return Promise.reject(gone())
    const id = ++count
    asked.set(id, waiting)
    end.send({ halyard: 'question', id, question, about }, (error) => {
      if (!error) return
      asked.delete(id)
      waiting.reject(error)
    })
    return waiting.promise
  }
}
