# Halyard as an image: the bundle and the packages that it needs, on the official image of Node. The packages have no native code.
FROM node:26-bookworm-slim AS build
WORKDIR /halyard
COPY package.json package-lock.json tsconfig.json ./
# The image brings Node itself, so the install scripts, which would fetch another one, do not run.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY bin bin
COPY server server
COPY testing testing
COPY scripts/build.ts scripts/build.ts
COPY LICENSE CHANGELOG.md ./
# The optional packages of OpenTelemetry are kept, in the versions of the tests.
RUN node scripts/build.ts && mv node_modules/@opentelemetry /opentelemetry \
  && npm prune --omit=dev --ignore-scripts --no-audit --no-fund && rm -rf node_modules/node && mv /opentelemetry node_modules/@opentelemetry

FROM node:26-bookworm-slim
WORKDIR /halyard
ENV NODE_ENV=production HALYARD_HOST=0.0.0.0 HALYARD_PORT=8080 HALYARD_DATA=/data
COPY --from=build /halyard/package.json /halyard/LICENSE /halyard/CHANGELOG.md ./
COPY --from=build /halyard/node_modules node_modules
COPY --from=build /halyard/bin bin
COPY --from=build /halyard/dist dist
COPY --from=build /halyard/server/http/docs server/http/docs
COPY --from=build /halyard/server/web/assets server/web/assets
# The root file system can be read-only: compiled code is cached now, and all that is written later is below /data.
RUN timeout --signal=TERM 10 node bin/halyard.js serve --ephemeral --seed none --port 0 || test -d node_modules/.cache/halyard \
  && install -d -o node -g node -m 0700 /data
USER node
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.HALYARD_PORT + '/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=8", "/halyard/bin/halyard.js"]
CMD ["serve"]
