# Canal with the PostgreSQL driver; data (SQLite, key) in the volume /data.
#   docker build -t canal .
#   docker run --env-file canal.env -v canal-data:/data -p 25:2525 canal
FROM python:3.11-slim AS build
WORKDIR /src
COPY . .
RUN python -m venv /opt/canal \
    && /opt/canal/bin/pip install --no-cache-dir --constraint constraints.txt '.[postgres]'

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin canal \
    && install -d -o canal -g canal -m 0700 /data
COPY --from=build /opt/canal /opt/canal
ENV PATH=/opt/canal/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CANAL_DATA_DIR=/data \
    CANAL_SMTP_LISTEN=0.0.0.0:2525 \
    CANAL_HTTP_LISTEN=0.0.0.0:8080 \
    CANAL_LOG_FORMAT=json
USER canal
WORKDIR /data
VOLUME /data
EXPOSE 2525 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["canal"]
CMD ["run"]
