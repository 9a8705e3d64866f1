"""The token head from data to files: `python -m mejurix_st.training.token_head_run --help`.

Every stage is kept in the work folder, so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file

from mejurix_st.entities.token_head import CONFIG_FILE, TRAINED, WEIGHTS_FILE
from mejurix_st.entities.token_head_network import TokenHead, TokenHeadConfig
from mejurix_st.entities.token_states import probe_state
from mejurix_st.evaluation.data import data_folder
from mejurix_st.training.token_head import HeadData, TokenHeadRecipe, Training, held_out_scores, split
from mejurix_st.training.token_head_data import (
    LABELS,
    Example,
    StateCache,
    base_states,
    pack,
    read_conll,
    write_out,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SOURCES = {"bc5cdr": False, "ncbi_disease": True}
LICENCES = {
    "bc5cdr": "BioCreative V CDR corpus, training part, CC BY 4.0",
    "ncbi_disease": "NCBI disease corpus, training part, public domain",
}
LAYERS = (0, 2, 3, 4, 5, 6)
#: Seed of the passages (None: single sentences) and prompt: the head meets both of the model's prompts.
PARTS: tuple[tuple[int | None, str], ...] = ((1, "passage: "), (None, "query: "))


def examples(folder: Path, part: str, *, passages: int | None = None) -> list[Example]:
    """Examples of both sources, in the order of the files.

    Args:
        folder: the development data folder.
        part: "train" or "devel".
        passages: seed of joining sentences into passages; single sentences when None.
    """
    found: list[Example] = []
    for source, partial in SOURCES.items():
        sentences = read_conll(folder / "ner" / f"{source}_{part}.tsv")
        if passages is not None:
            sentences = pack(sentences, random.Random(passages))
        found += [write_out(sentence, partial=partial) for sentence in sentences]
    return found


def train_token_head(
    work: Path, recipe: TokenHeadRecipe, *, data: Path | None = None, whole: bool = False
) -> tuple[TokenHead, dict[str, float]]:
    """Trains on single sentences and on passages, and gives the head's running mean.

    Args:
        work: states and checkpoints are kept here.
        recipe: settings.
        data: the development data folder; found as elsewhere when None.
        whole: train on the held-out tenth too; the scores then say nothing.

    Returns:
        The head, and the strict-span F1 on the held-out tenth of the training files.
    """
    folder = data or data_folder()
    states = base_states()
    parts: list[tuple[HeadData, list[int]]] = []
    held_out: tuple[HeadData, list[int]] | None = None
    for passages, prompt in PARTS:
        found = examples(folder, "train", passages=passages)
        states.prompt = prompt
        loaded = HeadData(found, StateCache(work / "states", found, states, LAYERS))
        train, held = split(found)
        held_out = held_out or (loaded, held)
        parts.append((loaded, train + held if whole else train))
    torch.manual_seed(recipe.seed)
    training = Training(recipe, TokenHead(TokenHeadConfig(labels=LABELS, layers=LAYERS)), parts)
    checkpoint = work / ("whole.pt" if whole else "held_out.pt")
    training.restore(checkpoint)
    while training.epoch < recipe.epochs:
        training.run_epoch()
        training.save(checkpoint)
    assert held_out is not None  # noqa: S101  # two parts were read
    return training.mean, held_out_scores(training.mean, *held_out)


def write_head(
    folder: Path, head: TokenHead, probe: NDArray[np.float32], record: dict[str, Any] | None = None
) -> None:
    """Writes the head (float16) and its config, as `mejurix_st.entities.token_head.read_head` reads them.

    Args:
        folder: exists or is made.
        head: the trained network.
        probe: `probe_state` of the encoder that it was trained on.
        record: what else the config says of the training.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.detach().half().contiguous() for name, value in head.state_dict().items()}
    weights["probe"] = torch.from_numpy(probe.copy()).half()
    save_file(weights, folder / WEIGHTS_FILE)
    (folder / WEIGHTS_FILE).chmod(0o644)  # safetensors writes files that only their owner can read
    settings = {"network": head.config.as_dict(), **(record or {})}
    (folder / CONFIG_FILE).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Trains and writes the head."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for states and checkpoints (3 GB)")
    parser.add_argument("--output", type=Path, default=TRAINED, help="where the head is written")
    parser.add_argument("--epochs", type=int, default=TokenHeadRecipe.epochs)
    parser.add_argument("--whole", action="store_true", help="train on the held-out tenth too")
    arguments = parser.parse_args()
    recipe = TokenHeadRecipe(epochs=arguments.epochs)
    head, scores = train_token_head(arguments.work, recipe, whole=arguments.whole)
    record = {
        "training": {"epochs": recipe.epochs, "seed": recipe.seed, "whole": arguments.whole},
        "held_out_f1": None if arguments.whole else {name: round(f, 4) for name, f in scores.items()},
        "data": LICENCES,
    }
    write_head(arguments.output, head, probe_state(base_states(), LAYERS), record)


if __name__ == "__main__":
    main()
