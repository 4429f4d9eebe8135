/** The options of `@hey-api/openapi-ts`. */
export default {
  input: './generated/spec.json',
  output: { path: './generated/hey', module: { extension: '.js' } },
  plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk'],
}
