"""Random ALBEF checkpoints in the layout of the release, key by key, of several shapes."""

from __future__ import annotations

from dataclasses import dataclass

HEAD = 64


@dataclass(frozen=True)
class AlbefShape:
    """Sizes of one random checkpoint."""

    name: str
    image: int
    patch: int
    vision_width: int
    vision_layers: int
    text_width: int
    text_layers: int
    fusion: int


ALBEF_SHAPES = (
    AlbefShape("one-width", 48, 8, 128, 2, 128, 5, 2),
    AlbefShape("two-widths", 64, 16, 64, 1, 128, 4, 1),
)
DEEP = AlbefShape("twelve-layers", 32, 16, 64, 1, 64, 12, 6)
AT_256 = AlbefShape("pre-trained", 256, 16, 64, 1, 64, 3, 1)
AT_384 = AlbefShape("fine-tuned", 384, 16, 64, 1, 64, 3, 1)
"""As many pixels and patches as the releases."""


def random_state(shape: AlbefShape, vocabulary: int, *, bert: str = "bert.", seed: int = 0):
    """Weights by their released names, large enough that attention is far from uniform; ``bert`` is "" in fine-tuned releases."""
    import torch

    dice = torch.Generator().manual_seed(seed)
    state = {}

    def put(name, *size, scale=0.25):
        state[name] = torch.randn(size, generator=dice) * scale

    def linear(name, into, out):
        put(f"{name}.weight", out, into, scale=into**-0.5 * 1.5)
        put(f"{name}.bias", out, scale=0.1)

    def norm(name, width):
        put(f"{name}.weight", width, scale=0.1)
        state[f"{name}.weight"] += 1
        put(f"{name}.bias", width, scale=0.1)

    for end in ("", "_m"):
        seen, width = f"visual_encoder{end}", shape.vision_width
        put(f"{seen}.cls_token", 1, 1, width)
        put(f"{seen}.pos_embed", 1, 1 + (shape.image // shape.patch) ** 2, width)
        put(f"{seen}.patch_embed.proj.weight", width, 3, shape.patch, shape.patch)
        put(f"{seen}.patch_embed.proj.bias", width)
        for index in range(shape.vision_layers):
            block = f"{seen}.blocks.{index}"
            norm(f"{block}.norm1", width)
            linear(f"{block}.attn.qkv", width, 3 * width)
            linear(f"{block}.attn.proj", width, width)
            norm(f"{block}.norm2", width)
            linear(f"{block}.mlp.fc1", width, 2 * width)
            linear(f"{block}.mlp.fc2", 2 * width, width)
        norm(f"{seen}.norm", width)
        text, width = f"text_encoder{end}.{bert}", shape.text_width
        state[f"{text}embeddings.position_ids"] = torch.arange(64)[None]
        put(f"{text}embeddings.word_embeddings.weight", vocabulary, width)
        put(f"{text}embeddings.position_embeddings.weight", 64, width)
        put(f"{text}embeddings.token_type_embeddings.weight", 2, width)
        norm(f"{text}embeddings.LayerNorm", width)
        for index in range(shape.text_layers):
            layer = f"{text}encoder.layer.{index}"
            for part, into in (("attention", width), ("crossattention", shape.vision_width)):
                if part == "crossattention" and index < shape.fusion:
                    continue
                linear(f"{layer}.{part}.self.query", width, width)
                linear(f"{layer}.{part}.self.key", into, width)
                linear(f"{layer}.{part}.self.value", into, width)
                linear(f"{layer}.{part}.output.dense", width, width)
                norm(f"{layer}.{part}.output.LayerNorm", width)
            linear(f"{layer}.intermediate.dense", width, 2 * width)
            linear(f"{layer}.output.dense", 2 * width, width)
            norm(f"{layer}.output.LayerNorm", width)
        if bert:
            put(f"text_encoder{end}.cls.predictions.bias", vocabulary)
        linear(f"vision_proj{end}", shape.vision_width, 16)
        linear(f"text_proj{end}", width, 16)
    put("temp")
    put("image_queue", 16, 8)
    put("text_queue", 16, 8)
    state["queue_ptr"] = torch.zeros(1, dtype=torch.long)
    linear("itm_head", shape.text_width, 2)
    return state


def write_checkpoint(path, state, tokenizer):
    """The state under ``model`` beside what a training script leaves there, and the vocabulary."""
    import torch

    torch.save({"model": state, "config": {"image_res": 256}, "epoch": 29}, path)
    write_vocabulary(path.parent / "vocab.txt", tokenizer)
    return path


def write_vocabulary(path, tokenizer):
    words = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().get)
    path.write_text("".join(f"{word}\n" for word in words), encoding="utf-8")
