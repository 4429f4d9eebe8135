/** Both ends of a child process that answers one question at a time. */
import { fork } from 'node:child_process'

type Reply = { answer: unknown } | { failure: string }

export interface Worker<Question, Answer> {
  readonly pid: number
  /** Sends a question and waits for the answer, one at a time. Throws an Error with the message of the child's error. */
  ask(question: Question): Promise<Answer>
  stop(): void
}

/** Starts a file of this folder that calls `answerQuestions`. */
export function startWorker<Question, Answer>(file: string): Worker<Question, Answer> {
  const child = fork(file, { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  let waiting: PromiseWithResolvers<Answer> | undefined
  child.on('message', (reply: Reply) => {
    if ('failure' in reply) waiting?.reject(new Error(reply.failure))
    else waiting?.resolve(reply.answer as Answer)
  })
  child.on('exit', (code) => waiting?.reject(new Error(`${file} ended with ${code}.`)))
  return {
    pid: child.pid as number,
    ask: (question) => {
      waiting = Promise.withResolvers<Answer>()
      child.send(question as object)
      return waiting.promise
    },
    stop: () => void child.kill(),
  }
}

/** Answers the questions of the parent process until that ends. */
export function answerQuestions<Question, Answer>(answer: (question: Question) => Promise<Answer>): void {
  const send = (reply: Reply) => process.send?.(reply)
  process.on('message', (question) => {
    answer(question as Question).then(
      (given) => send({ answer: given }),
      (error: unknown) => send({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
  })
  process.on('disconnect', () => process.exit())
}
