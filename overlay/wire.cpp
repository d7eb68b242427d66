// Frames to messages and back.
#include "overlay/wire.h"
