# Earshot as an image: docker build -t earshot . && docker run --rm -p 127.0.0.1:8080:8080 earshot
#
#   --build-arg EARSHOT_MODELS=moonshine-tiny-en,whisper-base   other models baked in; empty for none (mount them)
#   --build-arg EARSHOT_REVISION=$(git rev-parse --short HEAD)  shown in the metrics
#   --build-arg VARIANT=cuda                                    for NVIDIA GPUs (x86-64); run it with --gpus all
#
# The service writes nothing: run it with --read-only. Weights of your own: mount a folder and set EARSHOT_MODELS_DIR.
# Cores are those that the container is given (--cpus); one recognition process runs on each.
ARG NODE_IMAGE=node:24-bookworm-slim
ARG CUDA_IMAGE=nvidia/cuda:12.6.3-cudnn-runtime-ubuntu24.04
ARG VARIANT=cpu

FROM ${NODE_IMAGE} AS node

# Compiles the service and the models. Its packages include those of development; none of them reaches the image.
FROM node AS build-cpu
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev
COPY tsconfig.json ./
COPY .ci/tsconfig.build.json .ci/
COPY src src
COPY models models
RUN node src/commands/setup/start.mjs build
ARG EARSHOT_MODELS=moonshine-tiny-en
# Compiled for CPUs with and without VNNI, because the image may run on either.
RUN if [ -n "$EARSHOT_MODELS" ]; then for form in signed unsigned; do EARSHOT_MATRICES=$form node src/commands/setup/start.mjs models fetch; done; fi

FROM build-cpu AS build-cuda
RUN if [ -n "$EARSHOT_MODELS" ]; then EARSHOT_MATRICES=real node src/commands/setup/start.mjs models fetch; fi

# Fetching models needs packages that the image does not have.
FROM build-${VARIANT} AS build
RUN rm -rf dist/src/commands/setup

# The packages that the running service needs, without the runtime's binaries for other platforms (some 240 MB).
FROM node AS libraries-cpu
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev \
 && cd node_modules/onnxruntime-node/bin/napi-v6 && rm -rf darwin win32 \
 && find linux -mindepth 1 -maxdepth 1 ! -name "$(node -p process.arch)" -exec rm -rf {} +

# The CUDA libraries of ONNX Runtime are not in its npm package; its own script fetches them.
FROM libraries-cpu AS libraries-cuda
RUN ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js

FROM libraries-${VARIANT} AS libraries

FROM node AS base-cpu

FROM ${CUDA_IMAGE} AS base-cuda
COPY --from=node /usr/local/bin/node /usr/local/bin/node
ENV EARSHOT_EXECUTION_PROVIDERS=cuda,cpu EARSHOT_WORKERS=1

FROM base-${VARIANT} AS service
WORKDIR /app
COPY package.json LICENSE NOTICE ./
COPY --from=libraries /app/node_modules node_modules
COPY --from=build /app/dist/src dist/src
COPY --from=build /app/models models
# What each worker decodes before it is ready.
COPY fixtures/clips/warm-up.wav fixtures/clips/
# Samples of the page to talk to.
COPY fixtures/clips/play-some-jazz-music.wav fixtures/clips/set-a-timer-for-ten-minutes.wav fixtures/clips/
COPY fixtures/media/warm-up.webm fixtures/media/warm-up.m4a fixtures/media/
# The rules that the page /label warns of.
COPY docs/labelling.md docs/
# The old path of the program (docs/deprecations.md).
RUN mkdir -p dist/src/access && echo "import '../commands/keys/run.js'" > dist/src/access/run.js
ARG EARSHOT_MODELS=moonshine-tiny-en
ARG EARSHOT_REVISION=unknown
ENV NODE_ENV=production EARSHOT_HOST=0.0.0.0 EARSHOT_MODELS=${EARSHOT_MODELS} EARSHOT_REVISION=${EARSHOT_REVISION}
# Volumes mounted here belong to the user of the service, for a record of drift features (EARSHOT_DRIFT_RECORD), for
# access keys (EARSHOT_KEYS_FILE) and for collected clips (EARSHOT_COLLECT=dir:/collected).
RUN install -d -o 1000 -g 1000 /drift /keys /collected
USER 1000:1000
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.EARSHOT_PORT || 8080}/healthz`).then((reply) => process.exit(reply.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "dist/src/main.js"]
