# Made by `make lock`. Without tensorflow, which neural-tangents asks for and sgdbayes does not use.
python -m pip install --no-deps neural-tangents==0.6.5
