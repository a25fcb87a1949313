# The image of the workers, the migrations and the mail catcher: the tree, and what requirements.lock allows of it.
FROM python:3.11-slim AS packages
WORKDIR /build
COPY pyproject.toml requirements.lock ./
# uv comes from the lock too; then what the project itself needs, without the tools of developers, hashes checked.
RUN awk '/^[^ ]/ { wanted = /^uv==/ } wanted' requirements.lock > uv.lock \
    && pip install --no-cache-dir --require-hashes --requirement uv.lock \
    && python -m venv --without-pip /venv \
    && uv pip install --no-cache --compile-bytecode --python /venv/bin/python \
        --requirements pyproject.toml --constraints requirements.lock --require-hashes

FROM python:3.11-slim
RUN useradd --uid 10001 --create-home quietus \
    && install --directory --owner quietus --mode 0700 /var/lib/quietus
COPY --from=packages /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY . .
USER quietus
VOLUME /var/lib/quietus
CMD ["python", "worker.py"]
