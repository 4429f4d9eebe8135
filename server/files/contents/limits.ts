/** How much may be spent on a file that anybody may have sent. */

/** Larger files are not read. */
export const MOST_BYTES = 32 * 1024 * 1024
/** Characters that are kept of a text. */
export const MOST_TEXT = 1_000_000
/** What the parts of an archive may unfold to. */
export const MOST_UNFOLDED = 64 * 1024 * 1024
/** The process that reads, in all: buffers lie outside of what V8 limits. */
export const MOST_MEMORY = 512 * 1024 * 1024
/** The same for what lies within, in MiB. */
export const MOST_HEAP_MIB = 256
/** Seconds of computing time: reading gives way to everything else, so on a busy machine it takes longer by the clock. */
export const MOST_SECONDS = 20
/** By the clock it may take so many times as long. */
export const PATIENCE = 6
