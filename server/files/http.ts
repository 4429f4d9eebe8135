/**
 * Node's HTTP, for all that is loaded at the start. An import would read every export of it, and one of them loads what Node's fetch
 * is made of: a tenth of the start.
 */
export const http = process.getBuiltinModule('node:http')
