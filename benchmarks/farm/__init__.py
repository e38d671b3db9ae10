"""A farm of cameras and sensors for the benchmarks: cheap enough not to disturb what is measured, faulty on command."""
