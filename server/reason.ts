/** The reasons that operators read. */
import { UnavailableError } from '#db/database.ts'

/** The system's message for an error. */
export function reasonOf(error: unknown): string {
  if (error instanceof UnavailableError && error.cause) return reasonOf(error.cause)
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  return error instanceof Error ? error.message || String((error as NodeJS.ErrnoException).code) : String(error)
}
