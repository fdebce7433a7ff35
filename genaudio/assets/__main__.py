"""``python -m genaudio.assets melody/model.safetensors``: enter shipped files into the manifest."""

import sys

from genaudio.assets import seal

seal(*sys.argv[1:])
