"""Saving and loading that our modules share: config.json and weights, as the host's own modules have them."""

from __future__ import annotations

from typing import Any, Self

from sentence_transformers.base.modules import Module


class StoredModule(Module):
    """A module whose config keys are its constructor's arguments and whose weights stand beside its config."""

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Writes config.json and the weights into `output_path`."""
        del args, kwargs
        self.save_config(output_path)
        self.save_torch_weights(output_path, safe_serialization=safe_serialization)

    @classmethod
    def load(  # type: ignore[override]
        cls,
        model_name_or_path: str,
        subfolder: str = "",
        token: bool | str | None = None,
        cache_folder: str | None = None,
        revision: str | None = None,
        local_files_only: bool = False,
        **kwargs: Any,
    ) -> Self:
        """Reads what `save` wrote; the host calls it."""
        del kwargs
        place: dict[str, Any] = {
            "subfolder": subfolder,
            "token": token,
            "cache_folder": cache_folder,
            "revision": revision,
            "local_files_only": local_files_only,
        }
        config = cls.load_config(model_name_or_path, **place)
        return cls.load_torch_weights(model_name_or_path, model=cls(**config), **place)
