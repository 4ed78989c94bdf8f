# One image for the three services: `python -m identity.main`, certificates.main, documents.main.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin app \
 && install -d -o app -m 0700 /var/lib/demo

COPY requirements.txt ./
RUN pip install --require-hashes --only-binary=:all: -r requirements.txt

# Editable: migrations/, queries.sql and templates/ lie beside the code and are read from there.
COPY pyproject.toml ./
COPY libs libs
COPY services services
RUN pip install --no-build-isolation --no-deps --editable . && python -m compileall -q libs services
COPY tools tools

USER app
CMD ["python", "-c", "raise SystemExit('Name a service: python -m identity.main')"]
