"""Turns a Keras model into one TensorFlow function whose weights are constants.

TensorFlow optimises such a function best.
"""

from typing import Any


def freeze(model: Any, batch_size: int | None) -> Any:
    """Return a concrete function from float32 (batch_size, *input) to a list with one output.

    When the function first runs, TensorFlow folds batch normalisation into the weights before it.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    signature = [tf.TensorSpec((batch_size, *model.input_shape[1:]), tf.float32)]
    call = tf.function(lambda batch: model(batch, training=False), input_signature=signature)
    return convert_variables_to_constants_v2(call.get_concrete_function())
