/** The choices of initial data. */

/** The initial data of an empty instance. `none`: nothing, not even an administrator; `showcase`: the demo and a large project. */
export type Seed = 'showcase' | 'demo' | 'basic' | 'none'

/** Whether the demo is part of the initial data. */
export const hasDemo = (seed: Seed): boolean => seed === 'demo' || seed === 'showcase'
