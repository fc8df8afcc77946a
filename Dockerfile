# The course for one reader, for Binder and for JupyterHub on Kubernetes; docs/hub.md builds it.
FROM python:3.11-slim-bookworm

# git: nbgitpuller brings the lessons with it. tini: ends kernels whose parent has gone.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git tini \
    && rm -rf /var/lib/apt/lists/*

# Binder and the hub's chart want a normal user of this number, with this home.
ARG NB_USER=jovyan
ARG NB_UID=1000
ENV USER=${NB_USER} NB_UID=${NB_UID} HOME=/home/${NB_USER}
RUN useradd --create-home --uid ${NB_UID} --shell /bin/bash ${NB_USER}

# The index with torch's CPU builds, as docs/hub.md says. Without it pip takes torch from its
# default index, which on an x86 Linux brings CUDA too, some gigabytes that nothing here needs.
ARG TORCH_INDEX
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.txt /srv/evidence-ladder/
COPY deploy/hub/requirements.txt /srv/evidence-ladder/deploy/hub/
WORKDIR /srv/evidence-ladder
RUN PIP_INDEX_URL="${TORCH_INDEX}" python -m pip install --no-deps \
    "$(sed -n 's/^\(torch==[^ ]*\).*/\1/p' requirements.txt)"
RUN python -m pip install -r requirements.txt -r deploy/hub/requirements.txt

# The class's copy belongs to root: all can read it, nobody can change it.
COPY pyproject.toml README.md LICENSE ./
COPY course_utils course_utils
COPY classroom classroom
COPY notebooks notebooks
COPY deploy deploy
RUN python -m pip install --no-deps --no-build-isolation .

# A copy of one's own, to work in. On a hub the user's volume covers it.
USER ${NB_USER}
WORKDIR ${HOME}
RUN mkdir evidence-ladder \
    && cp -R /srv/evidence-ladder/classroom /srv/evidence-ladder/notebooks evidence-ladder/

# What classroom/__main__.py sets, for servers that Binder and the hub start themselves.
ENV COURSE=/srv/evidence-ladder \
    JUPYTER_CONFIG_PATH=/srv/evidence-ladder/classroom/config \
    OMP_NUM_THREADS=1
EXPOSE 8888
ENTRYPOINT ["tini", "--"]
CMD ["python", "evidence-ladder/classroom", "lab", "--ip=0.0.0.0", "--no-browser"]
