/** Resource limits for an untrusted file. */

/** Maximum size of a file. */
export const MOST_BYTES = 32 * 1024 * 1024
/** Maximum number of stored characters. */
export const MOST_TEXT = 1_000_000
/** Maximum decompressed size of an archive's parts. */
export const MOST_UNFOLDED = 64 * 1024 * 1024
/** Maximum memory of the process in total: V8's limit does not include buffers. */
export const MOST_MEMORY = 512 * 1024 * 1024
/** Maximum heap of V8, in MiB. */
export const MOST_HEAP_MIB = 256
/** Seconds of CPU time: the process has low priority, so on a busy machine it takes longer by the clock. */
export const MOST_SECONDS = 20
/** Factor for the limit by the clock. */
export const PATIENCE = 6
