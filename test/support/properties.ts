/** fast-check, with the seed of the run. */
import fc from 'fast-check'
import { seed } from './sample.ts'

if (seed !== undefined) fc.configureGlobal({ seed })

export default fc
