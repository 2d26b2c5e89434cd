"""Random BLIP models of several shapes, in stock classes, and their tokenizer and processor."""

from __future__ import annotations

from dataclasses import dataclass

WORDS = (
    "a there is the red blue green small large dog cat bike tree ball left right of top bottom second third from man in "
    "black one behind bear teddy sitting next to two"
).split()


@dataclass(frozen=True)
class Shape:
    """Sizes of one random model."""

    name: str
    image: int
    patch: int
    vision_width: int
    text_width: int
    heads: int
    text_layers: int


SHAPES = (
    Shape("square", 48, 8, 32, 32, 4, 3),
    Shape("coarse-deep", 64, 32, 24, 48, 2, 6),
    Shape("fine-one-head", 40, 4, 16, 16, 1, 2),
)


def build_tokenizer():
    """A word-piece tokenizer with a tiny vocabulary that splits unknown words into letters."""
    from tokenizers import BertWordPieceTokenizer
    from transformers import PreTrainedTokenizerFast

    letters = "abcdefghijklmnopqrstuvwxyz"
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", "[ENC]", *letters]
    vocabulary += [f"##{letter}" for letter in letters] + [word for word in WORDS if len(word) > 1]
    pieces = BertWordPieceTokenizer({token: index for index, token in enumerate(vocabulary)}, lowercase=True)
    return PreTrainedTokenizerFast(
        tokenizer_object=pieces._tokenizer,
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        mask_token="[MASK]",
        model_max_length=512,
    )


def build_model(shape: Shape, tokenizer, seed: int = 0):
    """A random BLIP with weights large enough that attention is far from uniform."""
    import torch
    from transformers import BlipConfig, BlipForImageTextRetrieval

    torch.manual_seed(seed)
    config = BlipConfig(
        vision_config={
            "image_size": shape.image,
            "patch_size": shape.patch,
            "hidden_size": shape.vision_width,
            "intermediate_size": 2 * shape.vision_width,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
        },
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": shape.text_width,
            "encoder_hidden_size": shape.vision_width,
            "intermediate_size": 2 * shape.text_width,
            "num_hidden_layers": shape.text_layers,
            "num_attention_heads": shape.heads,
            "max_position_embeddings": 64,
            "is_decoder": True,
            "bos_token_id": 5,
            "pad_token_id": 0,
            "sep_token_id": 3,
        },
        image_text_hidden_size=16,
    )
    model = BlipForImageTextRetrieval(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, 0.25)
    return model.eval()


def build_processor(shape: Shape, tokenizer):
    """A processor in the layout of the real one."""
    from transformers import BlipProcessor
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    return BlipProcessor(BlipImageProcessorPil(size={"height": shape.image, "width": shape.image}), tokenizer)
